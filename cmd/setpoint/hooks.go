package main

import (
	"context"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"setpoint.dev/setpoint/egress"
	"setpoint.dev/setpoint/slo"
	"setpoint.dev/setpoint/web"
)

// hooks are the delivery tools that ask by messages.
type hooks struct {
	app, key, api string // of GitHub
	gitlab        string
	terraform     string
	azure         []string // addresses of organizations
	projects      []string // OWNER/REPO=SERVICE
	freezes       []string // GROUP/PROJECT=SERVICE of GitLab
}

func (o *hooks) flags(c *cobra.Command) {
	f := c.Flags()
	f.StringVar(&o.app, "github-app", "", "ID of the GitHub App whose deployment protection rule is answered; the secret of its webhook is SETPOINT_GITHUB_SECRET")
	f.StringVar(&o.key, "github-key", "", "file of the app's private key (PEM)")
	f.StringVar(&o.api, "github-api", "https://api.github.com", "address of GitHub's API")
	f.StringVar(&o.gitlab, "gitlab-api", "", "address of GitLab's API, such as https://gitlab.com/api/v4, whose status checks are answered; SETPOINT_GITLAB_SECRET signs them, SETPOINT_GITLAB_TOKEN answers")
	f.StringArrayVar(&o.freezes, "gitlab-freeze", nil, "GROUP/PROJECT=SERVICE: the project of --gitlab-api has a deploy freeze while the service has a release freeze; may be given again")
	f.StringVar(&o.terraform, "terraform-api", "", "address of HCP Terraform or Terraform Enterprise, such as https://app.terraform.io, whose run tasks are answered; SETPOINT_TERRAFORM_SECRET signs them")
	f.StringArrayVar(&o.azure, "azure-organization", nil, "address of an organization of Azure DevOps, such as https://dev.azure.com/acme, whose checks are called back; they show SETPOINT_AZURE_SECRET; may be given again")
	f.StringArrayVar(&o.projects, "project", nil, "OWNER/REPO=SERVICE: the service that a repository, or a workspace of Terraform, is; otherwise the one of its name; may be given again")
}

// tools are those that are set up.
func (o hooks) tools() (map[string]web.Hook, error) {
	services, err := serviceOf("--project", o.projects)
	if err != nil {
		return nil, err
	}
	out := map[string]web.Hook{}
	with := toolClient()
	if o.app != "" || o.key != "" {
		if out["github"], err = o.forGitHub(services, with); err != nil {
			return nil, err
		}
	}
	if o.gitlab != "" && (len(o.freezes) == 0 || os.Getenv("SETPOINT_GITLAB_SECRET") != "") {
		if out["gitlab"], err = o.forGitLab(services, with); err != nil {
			return nil, err
		}
	}
	if o.terraform != "" {
		secrets, err := hookSecrets("SETPOINT_TERRAFORM_SECRET")
		if err != nil {
			return nil, err
		}
		out["terraform"] = &web.Terraform{Secrets: secrets, API: o.terraform, Services: services, HTTP: with}
	}
	if len(o.azure) > 0 {
		secrets, err := hookSecrets("SETPOINT_AZURE_SECRET")
		if err != nil {
			return nil, err
		}
		out["azure"] = &web.Azure{Secrets: secrets, Organizations: o.azure, HTTP: with}
	}
	return out, nil
}

func (o hooks) forGitHub(services map[string]string, with *http.Client) (web.Hook, error) {
	key, err := privateKey(o.key)
	if err != nil || o.app == "" {
		return nil, errors.Join(exit{usage, "--github-app and --github-key go together"}, err)
	}
	secrets, err := hookSecrets("SETPOINT_GITHUB_SECRET")
	if err != nil {
		return nil, err
	}
	return &web.GitHub{App: o.app, Key: key, Secrets: secrets, API: o.api, Services: services, HTTP: with}, nil
}

func (o hooks) forGitLab(services map[string]string, with *http.Client) (web.Hook, error) {
	secrets, err := hookSecrets("SETPOINT_GITLAB_SECRET")
	token := os.Getenv("SETPOINT_GITLAB_TOKEN")
	if err == nil && token == "" {
		err = exit{usage, "--gitlab-api needs SETPOINT_GITLAB_TOKEN"}
	}
	if err != nil {
		return nil, err
	}
	return &web.GitLab{Secrets: secrets, Token: slo.Secret(token), API: o.gitlab, Services: services, HTTP: with}, nil
}

// toolClient reaches delivery tools.
func toolClient() *http.Client {
	return &http.Client{Transport: egress.Policy{Loopback: true}.Transport(), Timeout: 10 * time.Second}
}

// mirror is whose deploy freezes follow the release freezes; nil = nobody's.
func (o hooks) mirror(stopped func(service string) bool) (*web.GitLabFreezes, error) {
	services, err := serviceOf("--gitlab-freeze", o.freezes)
	if err != nil || len(services) == 0 {
		return nil, err
	}
	token := os.Getenv("SETPOINT_GITLAB_TOKEN")
	if o.gitlab == "" || token == "" {
		return nil, exit{usage, "--gitlab-freeze needs --gitlab-api and SETPOINT_GITLAB_TOKEN"}
	}
	return &web.GitLabFreezes{API: o.gitlab, Token: slo.Secret(token), Services: services, Stopped: stopped, HTTP: toolClient()}, nil
}

// serviceOf reads which service each project is.
func serviceOf(flag string, projects []string) (map[string]string, error) {
	out := map[string]string{}
	for _, text := range projects {
		project, service, ok := strings.Cut(text, "=")
		if !ok || service == "" || !strings.Contains(project, "/") {
			return nil, exit{usage, fmt.Sprintf("%s is OWNER/REPO=SERVICE, not %q", flag, text)}
		}
		out[project] = service
	}
	return out, nil
}

// hookSecrets are the words of a variable: two while one is being replaced.
func hookSecrets(name string) (out []slo.Secret, err error) {
	for _, text := range strings.Fields(os.Getenv(name)) {
		if len(text) < 16 {
			return nil, exit{usage, name + " is shorter than 16 characters"}
		}
		out = append(out, slo.Secret(text))
	}
	if len(out) == 0 {
		err = exit{usage, name + " is not set: messages that nobody signs are not taken"}
	}
	return out, err
}

// privateKey reads an RSA key in PEM, PKCS #1 or #8.
func privateKey(file string) (*rsa.PrivateKey, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read the app's key: %w", err)
	}
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, fmt.Errorf("read the app's key: %s holds no PEM", file)
	}
	if key, err := x509.ParsePKCS1PrivateKey(block.Bytes); err == nil {
		return key, nil
	}
	some, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	key, ok := some.(*rsa.PrivateKey)
	if err != nil || !ok {
		return nil, fmt.Errorf("read the app's key: %s holds no RSA key", file)
	}
	return key, nil
}

// mirrorFreezes has deploy freezes follow the release freezes.
func (h *house) mirrorFreezes(ctx context.Context) error {
	return repeat(ctx, 15*time.Second, func(ctx context.Context) {
		if err := h.web.MirrorFreezes(ctx, time.Now()); err != nil && ctx.Err() == nil {
			h.log.Warn("deploy freezes", "error", err)
		}
	})
}

// answerTools answers the tools that wait.
func (h *house) answerTools(ctx context.Context) error {
	return repeat(ctx, 3*time.Second, func(ctx context.Context) {
		if err := h.web.Answer(ctx, time.Now()); err != nil && ctx.Err() == nil {
			h.log.Warn("tools that wait for the gate", "error", err)
		}
	})
}
