package ledger

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"syscall"
)

// ErrSpoolFull says that no more verdicts fit on the disk than wait there
// already.
var ErrSpoolFull = errors.New("the spool is full")

// ErrSpoolBusy says that another process uses the folder.
var ErrSpoolBusy = errors.New("another process spools there")

// A spool keeps batches of verdicts on the disk, in order, while the database
// is out of reach: a file a batch. A file is there whole or not at all, and
// is on the disk when put returns. One process uses a folder at a time.
type spool struct {
	dir  string
	max  int64
	held *os.File // the lock

	mu    sync.Mutex
	files []spoolFile // in order
	bytes int64       // of all of them
	next  int64       // number of the next file
}

type spoolFile struct {
	name string
	size int64
}

// A spooled batch is the content of a file. The body is a text, so that its
// bytes stay as they are.
type spooled struct {
	ID   string `json:"id"`
	Body string `json:"body"`
}

// openSpool reads what waits in dir, which it makes.
func openSpool(dir string, most int64) (*spool, error) {
	s := &spool{dir: dir, max: most, next: 1}
	if err := s.lock(); err != nil {
		return nil, fmt.Errorf("open spool: %w", err)
	}
	entries, err := os.ReadDir(dir) // sorted by name
	if err != nil {
		return nil, fmt.Errorf("open spool: %w", err)
	}
	for _, e := range entries {
		var n int64
		if _, err := fmt.Sscanf(e.Name(), "%d.json", &n); err != nil || e.Name() != spoolName(n) {
			continue // a file that was not finished, or somebody else's
		}
		info, err := e.Info()
		if err != nil {
			return nil, fmt.Errorf("open spool: %w", err)
		}
		s.add(spoolFile{e.Name(), info.Size()}, n)
	}
	return s, nil
}

// lock makes this process the only one that uses the folder, until it ends
// or unlocks it.
func (s *spool) lock() error {
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(filepath.Join(s.dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return errors.Join(fmt.Errorf("%s: %w", s.dir, ErrSpoolBusy), f.Close())
	}
	s.held = f
	return nil
}

func (s *spool) unlock() error { return s.held.Close() }

func (s *spool) add(f spoolFile, number int64) {
	s.files, s.bytes, s.next = append(s.files, f), s.bytes+f.size, number+1
}

func spoolName(n int64) string { return fmt.Sprintf("%019d.json", n) }

// waiting is how many batches wait.
func (s *spool) waiting() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.files)
}

// put adds a batch behind all others. It is on the disk when put returns nil.
func (s *spool) put(b Batch) error {
	text, err := json.Marshal(spooled{b.ID, string(b.body)})
	if err != nil {
		return fmt.Errorf("spool %s: %w", b.ID, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.bytes+int64(len(text)) > s.max {
		return fmt.Errorf("spool %s: %w", b.ID, ErrSpoolFull)
	}
	name := spoolName(s.next)
	if err := writeDurably(s.dir, name, text); err != nil {
		return fmt.Errorf("spool %s: %w", b.ID, err)
	}
	s.add(spoolFile{name, int64(len(text))}, s.next)
	return nil
}

// writeDurably writes a file whole, and the name of it, onto the disk.
func writeDurably(dir, name string, text []byte) error {
	path := filepath.Join(dir, name)
	f, err := os.OpenFile(path+".part", os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(path+".part", path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(path+".part"))
	}
	return syncFolder(dir)
}

func syncFolder(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// deliver hands batches over in order, until none is left or one is not
// taken that may be taken later. One that is refused is put aside, with
// .refused behind its name, and the error says so: those behind it must not
// wait for ever.
func (s *spool) deliver(take func(Batch) error) error {
	var errs error
	for {
		name, ok := s.first()
		if !ok {
			return errs
		}
		b, err := s.read(name)
		if err == nil {
			err = take(b)
		}
		switch {
		case passing(err):
			return errors.Join(errs, err)
		case err != nil:
			errs = errors.Join(errs, fmt.Errorf("deliver %s, put aside as %s.refused: %w", name, name, err))
			err = os.Rename(filepath.Join(s.dir, name), filepath.Join(s.dir, name+".refused"))
		default:
			err = os.Remove(filepath.Join(s.dir, name))
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return errors.Join(errs, err)
		}
		s.drop(name)
	}
}

// passing says that it is not for the batch that it was not taken or read: the
// database is out of reach, was migrated by a newer program, whose turn it is
// then, or lets this role write nothing; this process ends, or may open no
// more files.
func passing(err error) bool {
	errno := syscall.Errno(0)
	short := errors.As(err, &errno) && (errno.Temporary() || errno == syscall.ENOMEM)
	return short || errors.Is(err, ErrDown) || errors.Is(err, ErrSchema) || errors.Is(err, context.Canceled) || sqlState(err) == "42501"
}

func (s *spool) first() (name string, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.files) == 0 {
		return "", false
	}
	return s.files[0].name, true
}

func (s *spool) read(name string) (Batch, error) {
	var f spooled
	text, err := os.ReadFile(filepath.Join(s.dir, name))
	if err == nil {
		err = json.Unmarshal(text, &f)
	}
	return Batch{ID: f.ID, body: []byte(f.Body)}, err
}

// drop forgets the first file.
func (s *spool) drop(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.files) > 0 && s.files[0].name == name {
		s.bytes -= s.files[0].size
		s.files = s.files[1:]
	}
}
