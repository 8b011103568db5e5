package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"sync"

	"github.com/go-chi/chi/v5"
)

// assets are the style sheet and the icon.
//
//go:embed assets/*
var assets embed.FS

// dist is what `make build` bundles of web/ui. Without a bundle there is a
// placeholder, and the pages run no script.
//
//go:embed all:dist
var dist embed.FS

// A file is one that pages load, with its compressed form, which is made when
// somebody first asks for it.
type file struct {
	kind   string
	tag    string // names this content
	text   []byte
	packed func() []byte
}

// files are by name. Their contents do not change while the process runs.
type files map[string]file

func readFiles() files {
	out := files{}
	kinds := map[string]string{".css": "text/css; charset=utf-8", ".svg": "image/svg+xml", ".js": "text/javascript; charset=utf-8", ".txt": "text/plain; charset=utf-8"}
	for dir, from := range map[string]fs.FS{"assets": assets, "dist": dist} {
		names, _ := fs.Glob(from, dir+"/*.*")
		for _, name := range names {
			text, err := fs.ReadFile(from, name)
			if kind := kinds[path.Ext(name)]; err == nil && kind != "" {
				sum := sha256.Sum256(text)
				out[path.Base(name)] = file{kind: kind, tag: hex.EncodeToString(sum[:6]), text: text, packed: sync.OnceValue(func() []byte { return pack(text) })}
			}
		}
	}
	return out
}

func pack(text []byte) []byte {
	var out bytes.Buffer
	w, _ := gzip.NewWriterLevel(&out, gzip.BestCompression)
	_, _ = w.Write(text) // to memory
	_ = w.Close()
	return out.Bytes()
}

// path is the address of a file, which changes with its content; empty when
// there is no such file.
func (f files) path(name string) string {
	if f[name].tag == "" {
		return ""
	}
	return "/assets/" + name + "?v=" + f[name].tag
}

func (s *Server) asset(w http.ResponseWriter, r *http.Request) {
	f, ok := s.files[chi.URLParam(r, "file")]
	if !ok {
		http.Error(w, "there is no such file", http.StatusNotFound)
		return
	}
	h := w.Header()
	h.Set("Content-Type", f.kind)
	h.Set("Vary", "Accept-Encoding")
	h.Set("Cache-Control", "max-age=300")
	if r.URL.Query().Get("v") == f.tag {
		h.Set("Cache-Control", "max-age=31536000, immutable")
	}
	text := f.text
	if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		h.Set("Content-Encoding", "gzip")
		text = f.packed()
	}
	_, _ = w.Write(text) // a caller who went away is told nothing
}
