package setpoint_test

import "slices"

// guards are the protections that are taken away one at a time.
func guards() []guard {
	return slices.Concat(dialGuards(), webGuards(), keyGuards(), wireGuards(), recordGuards())
}

func dialGuards() []guard {
	const file = "egress/egress.go"
	return []guard{
		{"S1", "link-local addresses", file, "case at.IsLinkLocalUnicast(), at.IsMulticast()", "case at.IsMulticast()", "TestRefused"},
		{"S1", "the unspecified address", file, ", at.IsUnspecified(), at", ", at", "TestRefused"},
		{"S1", "multicast", file, ", at.IsMulticast(),", ",", "TestRefused"},
		{"S1", "EC2's metadata over IPv6", file, ", at == awsMetadata():", ":", "TestRefused"},
		{"S1", "this machine under another name", file, "case at.IsLoopback() && !p.Loopback && !local(host):", "case false:", "TestRebinding|TestOddAddresses"},
		{"S1", "the list", file, "case len(p.Only) > 0:", "case false:", "TestRefused|TestRebinding"},
		{"S1", "no proxy", file, "t.Proxy, t.DialContext = nil, p.DialContext", "t.DialContext = p.DialContext", "TestNoProxy"},
		{"S1", "the dialer of transports", file, "t.Proxy, t.DialContext = nil, p.DialContext", "t.Proxy = nil", "TestRebinding"},
		{"S1", "redirects of webhooks of alerts", "notify/notify.go", "CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },", "", "TestNotTold"},
		{"S1", "where alerts go", "notify/notify.go", "cfg.Egress.Transport()", "http.DefaultTransport", "TestTargetsRefused"},
		{"S1", "where databases of actuators are", "actuators/target.go", "return reach.DialContext(ctx, network, address)", "return new(net.Dialer).DialContext(ctx, network, address)", "TestDatabasesRefused"},
		{"S1", "where webhooks of actuators are", "actuators/generic/hook.go", "Transport: reach.Transport(), CheckRedirect", "CheckRedirect", "TestPlacesRefused|TestWriteRefused"},
		{"S1", "redirects of webhooks of actuators", "actuators/generic/hook.go", ", CheckRedirect: noRedirect}}", "}}", "TestNoRedirects"},
		{"S1", "redirects of the API server", "actuators/generic/kubernetes.go", ", CheckRedirect: noRedirect}}", "}}", "TestNoRedirects"},
		{"S1", "redirects of metrics backends", "sli/promql/source.go", ", CheckRedirect: checkRedirect}", "}", "TestFaults"},
		{"S1", "where metrics backends are", "sli/promql/transport.go", "egress.Policy{Loopback: true}.DialContext", "egress.Policy{Only: []string{\"0.0.0.0/0\", \"::/0\"}}.DialContext", "TestBackendsRefused"},
		{"S1", "redirects of delivery tools", "web/github.go", "once.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }", "", "TestToolsDoNotLead"},
		{"S1", "addresses in messages of tools", "web/github.go", "run == 0 || e.Installation.ID <= 0 || !ok || !plain(owner) || !plain(name)", "run == 0 && !ok", "TestHookRefused"},
		{"S2", "secrets do not print", "slo/secret.go", "func (Secret) Format(s fmt.State, _ rune) { io.WriteString(s, \"(secret)\") }", "func (x Secret) Format(s fmt.State, _ rune) { io.WriteString(s, string(x)) }", "TestSecretsAreHidden"},
		{"S2", "secrets are not encoded", "slo/secret.go", "func (Secret) MarshalText() ([]byte, error) { return []byte(\"(secret)\"), nil }", "func (s Secret) MarshalText() ([]byte, error) { return []byte(string(s)), nil }", "TestSecretsAreHidden"},
		{"S2", "codes of logins in errors", "web/oidc.go", "fmt.Errorf(\"exchange the code of a login: %w\", bare(err))", "fmt.Errorf(\"exchange the code of a login: %w\", err)", "TestLoginRefused"},
		{"S2", "addresses of databases in errors", "actuators/target.go", "errors.New(\"databaseURL is not a PostgreSQL connection string\")", "err", "TestTimeoutKeepsSecrets"},
		{"S2", "errors of the ledger stay inside", "web/errors.go", "\"ledger-down\", \"the ledger cannot be reached\"", "\"ledger-down\", err.Error()", "TestErrorsStayInside"},
		{"S2", "what a panic says stays inside", "web/respond.go", "s.problem(w, r, errors.New(\"panic\"))", "s.problem(w, r, refuse(500, \"panic\", fmt.Sprint(p), \"\"))", "TestErrorsStayInside"},
	}
}

func webGuards() []guard {
	const file, routes = "web/respond.go", "web/routes.go"
	return []guard{
		{"S3", "orders of other sites", file, "guarded := guard.Handler(next)", "guarded := next", "TestEveryOrderIsOurOwn"},
		{"S3", "orders under another name", file, "(!reads || s.cfg.Caller == nil) && byBrowser(r)", "(reads && s.cfg.Caller == nil) && byBrowser(r)", "TestCrossOrigin"},
		{"S3", "reading under another name", file, "(!reads || s.cfg.Caller == nil) && byBrowser(r)", "!reads && byBrowser(r)", "TestRebindingReadsNothing"},
		{"S3", "browsers are known", file, " || strings.HasPrefix(agent, \"Mozilla/\") && !strings.Contains(agent, \"PowerShell/\")", " || agent == \"none\"", "TestRebindingReadsNothing"},
		{"S3", "forms go here only", "web/server.go", "form-action 'self'; ", "", "TestRoutes"},
		{"S4", "no inline script", "web/server.go", "default-src 'none'; script-src 'self'", "default-src *; script-src 'self' 'unsafe-inline'", "TestRoutes"},
		{"S4", "no frame around us", "web/server.go", "; frame-ancestors 'none'", "", "TestRoutes"},
		{"S4", "no guessing of types", "web/server.go", "h.Set(\"X-Content-Type-Options\", \"nosniff\")", "", "TestRoutes"},
		{"S4", "names that do not print", "web/ask.go", "if !printable(text) {", "if false {", "TestNotThere|TestOrderRefused"},
		{"S4", "formulas in files of the page", "web/download.go", "text != \"\" && strings.ContainsRune", "text == \"\" && strings.ContainsRune", "TestDownload"},
		{"S4", "formulas in exports", "cmd/setpoint/export.go", "fields[i] = web.Cell(v)", "_, fields[i] = web.Cell(v), v", "TestExportIsNoFormula"},
		{"S5", "pages ask who it is", routes, "s.pageRoutes(r.With(s.needs(ScopeRead)))", "s.pageRoutes(r)", "TestEveryRouteAsks"},
		{"S5", "orders by form ask", routes, "r.With(s.needs(ScopeOverride)).Post(\"/actions/{kind}\"", "r.Post(\"/actions/{kind}\"", "TestEveryRouteAsks"},
		{"S5", "tokens need admin", routes, "admin := r.With(s.needs(ScopeAdmin))", "admin := r.With(s.needs(ScopeRead))", "TestTokensPage"},
		{"S5", "scopes", "web/auth.go", "if err == nil && !c.may(scope) {", "if false {", "TestScopes"},
		{"S5", "teams", "web/auth.go", "if c.commands(team) {", "if true {", "TestTeams"},
		{"S5", "nobody's services", "web/auth.go", " || team != \"\" && slices.Contains(c.Teams, team)", " || team == \"\" || slices.Contains(c.Teams, team)", "TestTeams"},
		{"S5", "orders by the name of the caller", "web/auth.go", "o.By = c.Name", "_ = c.Name", "TestTeams"},
		{"S9", "time for a header", "web/listen.go", "ReadHeaderTimeout: 5 * time.Second,", "", "TestSlowCallers"},
		{"S9", "time for a body", "web/listen.go", "ReadTimeout:       15 * time.Second,", "", "TestSlowCallers"},
		{"S9", "size of a header", "web/listen.go", "MaxHeaderBytes:    32 << 10,", "", "TestSlowCallers"},
		{"S9", "size of a body", "web/server.go", "r.Body = http.MaxBytesReader(w, r.Body, bodyLimit(r.URL.Path))", "", "TestHookSigned|TestOrderRefused"},
		{"S9", "connections", "web/conns.go", "case b.slots <- struct{}{}:", "case b.slots <- struct{}{}:\n\t\t<-b.slots", "TestManyConnections"},
		{"S9", "rate of a caller", "web/auth.go", "return c, s.paced(\"caller \"+c.Name, now)\n}\n\n// certified", "return c, nil\n}\n\n// certified", "TestRates"},
		{"S9", "rate where nobody is asked", "web/auth.go", "return Caller{open: true}, s.paced(\"address \"+remote(r), now)", "return Caller{open: true}, nil", "TestOpenRates"},
		{"S9", "rate of guesses", "web/auth.go", "if err := s.misses.take(", "if err := new(meter).take(", "TestRates"},
		{"S9", "rate of logins", "web/login.go", "if err := s.misses.take(", "if err := new(meter).take(", "TestLoginRates"},
		{"S9", "rate of guesses at signatures", "web/hook.go", "if err := s.misses.take(", "if err := new(meter).take(", "TestHookRates"},
		{"S10", "X-Forwarded-For", "web/limits.go", "host, _, err := net.SplitHostPort(r.RemoteAddr)", "host, _, err := net.SplitHostPort(r.RemoteAddr)\n\thost += r.Header.Get(\"X-Forwarded-For\")", "TestOpenRates"},
		{"S13", "where a login leads", "web/login.go", "s.keep(w, r, sessionCookie, \"/\", key, 0)\n\thttp.Redirect(w, r, \"/\",", "s.keep(w, r, sessionCookie, \"/\", key, 0)\n\thttp.Redirect(w, r, r.FormValue(\"next\"),", "TestLoginByToken"},
		{"-", "listeners that ask nobody", "web/listen.go", "err != nil || !ip.IsLoopback()", "err != nil || ip.IsMulticast()", "TestCheckListen"},
		{"-", "names of other machines", "web/listen.go", "err != nil || !ip.IsLoopback()", "err == nil && !ip.IsLoopback()", "TestCheckListen"},
	}
}

func keyGuards() []guard {
	const keys, ring, oidc, login = "ledger/tokens.go", "ledger/keyring.go", "web/oidc.go", "web/login.go"
	return []guard{
		{"S6", "the secret of a token", ring, "if !t.Holds(text) || !t.Lives(now) {", "if !t.Lives(now) {", "TestKeyringWantsTheSecret"},
		{"S6", "the life of a token", ring, "if !t.Holds(text) || !t.Lives(now) {", "if !t.Holds(text) {", "TestKeyring|TestKeyringExpiry"},
		{"S6", "revoked tokens", keys, "return t.Revoked.IsZero() && now.Before(t.Expires)", "return now.Before(t.Expires)", "TestKeyring|TestTokensOnRecord"},
		{"S6", "expired tokens", keys, "return t.Revoked.IsZero() && now.Before(t.Expires)", "return t.Revoked.IsZero()", "TestKeyring|TestKeyringExpiry|TestSecrets"},
		{"S6", "trust without the ledger", ring, "return t, known && now.Sub(k.asked) < k.cfg.Trust", "return t, known", "TestKeyring|TestKeyringExpiry"},
		{"S6", "secrets are random", keys, "_, _ = rand.Read(key[:])", "", "TestSecrets"},
		{"S6", "no token without --auth", "web/tokens.go", "case s.cfg.Caller == nil:", "case false:", "TestTokensNeedAuth"},
		{"S6", "the state of a login", oidc, "[]byte(answer.Get(\"state\")), []byte(j.state)", "[]byte(j.state), []byte(j.state)", "TestLoginRefused"},
		{"S6", "the issuer of an answer", oidc, "if !mine || subtle", "if mine == !mine || subtle", "TestLoginRefused"},
		{"S6", "the nonce of a login", oidc, "if id.Nonce != j.nonce {", "if false {", "TestLoginRefused"},
		{"S6", "PKCE is begun", oidc, ", oauth2.S256ChallengeOption(j.verifier)), nil", "), nil", "TestLogin"},
		{"S6", "PKCE is ended", oidc, ", oauth2.VerifierOption(j.verifier))", ")", "TestLogin"},
		{"S6", "the audience of an ID token", oidc, "&oidc.Config{ClientID: p.ClientID}", "&oidc.Config{SkipClientIDCheck: true}", "TestLoginRefused"},
		{"S6", "the issuer of an ID token", oidc, "&oidc.Config{ClientID: p.ClientID}", "&oidc.Config{ClientID: p.ClientID, SkipIssuerCheck: true}", "TestLoginRefused"},
		{"S6", "the expiry of an ID token", oidc, "&oidc.Config{ClientID: p.ClientID}", "&oidc.Config{ClientID: p.ClientID, SkipExpiryCheck: true}", "TestLoginRefused"},
		{"S6", "the signature of an ID token", oidc, "&oidc.Config{ClientID: p.ClientID}", "&oidc.Config{ClientID: p.ClientID, InsecureSkipSignatureCheck: true}", "TestLoginRefused"},
		{"S6", "the party of an ID token", oidc, "if claims.Party != \"\" && claims.Party != p.ClientID {", "if false {", "TestLoginRefused"},
		{"S6", "names that nobody verified", oidc, " && p.Name == \"\" && claims.Verified {", " && p.Name == \"\" {", "TestUnverifiedName"},
		{"S6", "names that do not print", oidc, "err != nil || name == \"\" {", "false && err != nil {", "TestLoginRefused"},
		{"S6", "who is in no group", login, "case len(c.Scopes) == 0:", "case false:", "TestLoginRefused"},
		{"S6", "a session of one's own", login, "s.keep(w, r, sessionCookie, \"/\", key.Reveal(), until.Sub(now))", "if _, err := r.Cookie(sessionCookie); err != nil {\n\t\ts.keep(w, r, sessionCookie, \"/\", key.Reveal(), until.Sub(now))\n\t}", "TestLoginTakesNoSession"},
		{"S6", "sessions end", login, "if err := s.cfg.Sessions.End(r.Context(), slo.Secret(cookie.Value)); err != nil &&", "if err := error(nil); cookie == nil && err != nil &&", "TestLogin"},
		{"S6", "keys that are none by form", login, "if _, err := s.known(r, key, time.Now()); err != nil {", "if _, err := s.known(r, key, time.Now()); false {\n\t\t_ = err", "TestLoginByToken"},
		{"S6", "cookies and scripts", login, "HttpOnly: true, ", "", "TestCookiesAreGuarded"},
		{"S6", "cookies and other sites", login, ", SameSite: http.SameSiteLaxMode", "", "TestCookiesAreGuarded"},
		{"S6", "cookies and wires", login, "Secure: r.TLS != nil || strings.HasPrefix(s.cfg.URL, \"https://\"),", "", "TestCookiesAreGuarded"},
		{"S6", "certificates that nobody signed", "web/auth.go", "if r.TLS == nil || len(r.TLS.VerifiedChains) == 0 {\n\t\treturn Caller{}, false\n\t}\n\tname := r.TLS.VerifiedChains[0][0].Subject.CommonName", "if r.TLS == nil || len(r.TLS.PeerCertificates)+len(r.TLS.VerifiedChains) == 0 {\n\t\treturn Caller{}, false\n\t}\n\tname := \"pipeline\"", "TestCertificates"},
		{"S6", "certificates of nobody", "web/auth.go", "Scopes: g.Scopes, Teams: g.Teams}, ok", "Scopes: append(g.Scopes, ScopeAdmin), Teams: g.Teams}, ok || true", "TestCertificates"},
		{"S6", "authorities of certificates", "cmd/setpoint/access.go", "tls.VerifyClientCertIfGiven", "tls.RequestClientCert", "TestEncrypted"},
	}
}

func wireGuards() []guard {
	const hook, github, signed = "web/hook.go", "web/github.go", "client/signed.go"
	return []guard{
		{"S7", "signatures of messages", hook, "if hmac.Equal(m.Sum(nil), got) {", "if hmac.Equal(m.Sum(nil), got) || len(got) == 32 {", "TestHookSigned"},
		{"S7", "messages are signed", hook, "if !hook.Signed(r, body) {", "if false {", "TestHookSigned"},
		{"S7", "messages sent again", hook, "sha256.Sum256(append(body, c.ID...))", "sha256.Sum256([]byte(now.String()))", "TestHookSigned|TestTerraform"},
		{"S7", "SHA-1", github, "mac, ok := strings.CutPrefix(r.Header.Get(\"X-Hub-Signature-256\"), \"sha256=\")", "mac, ok := strings.CutPrefix(r.Header.Get(\"X-Hub-Signature-256\"), \"sha256=\")\n\tok = true", "TestHookSigned"},
		{"S7", "messages of Terraform", "web/terraform.go", "signedBy(", "true || signedBy(", "TestTerraformTests"},
		{"S7", "tokens of Terraform", "web/terraform.go", "\"token\": sealed}", "\"token\": sealed + e.Token.Reveal()}", "TestTerraform"},
		{"S7", "messages of Azure", "web/azure.go", "return good == 1", "return good >= 0", "TestAzureRefused"},
		{"S7", "organizations of Azure", "web/azure.go", "slices.IndexFunc(z.Organizations, same)", "max(0, slices.IndexFunc(z.Organizations, same))", "TestAzureRefused"},
		{"S7", "messages of GitLab", "web/gitlab.go", "signedBy(", "true || signedBy(", "TestHookGitLab"},
		{"S7", "signatures of last answers", signed, "if !s.Signed(keys...) {", "if false {", "TestRecall"},
		{"S7", "age of last answers", signed, "case age > lasts || age < -time.Minute:", "case age > 1000*lasts:", "TestRecall"},
		{"S7", "last answers of other questions", signed, "case a.Environment != q.Environment || a.Region != q.Region || a.Change != q.Change:", "case false:", "TestRecall"},
		{"S7", "redirects of the gate", "client/call.go", "own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }", "", "TestLoginPage"},
		{"S8", "characters that turn lines round", "web/ask.go", " || unicode.Is(unicode.Bidi_Control, r)", "", "TestNotThere|TestOrderRefused|TestTokens"},
		{"S8", "characters of control", "web/ask.go", "unicode.IsControl(r) || ", "", "TestNotThere|TestOrderRefused|TestTokens"},
		{"S12", "nothing is filled in", "notify/webhook.go", "Description: a.Why,", "Description: strings.ReplaceAll(a.Why, \"${HOOK_SECRET}\", h.key.Reveal()),", "TestTextIsNoTemplate"},
		{"S14", "folders of definitions", "cmd/setpoint/files.go", "return slo.ReadFiles(root.FS(), \".\", path)", "return slo.ReadFiles(os.DirFS(path), \".\", path)", "TestDefinitionsStayInTheirFolder"},
		{"S14", "files that are none", "slo/files.go", "case !info.Mode().IsRegular():", "case false:", "TestHostileFiles"},
	}
}

func recordGuards() []guard {
	const verify = "ledger/verify.go"
	return []guard{
		{"S11", "text is a parameter", "ledger/tokens.go", "rows, err := tokenRows(ctx, tx, `where id = $1 or name = $1 order by seq`, which)", "rows, err := tokenRows(ctx, tx, `where id = '`+which+`' or name = '`+which+`' order by seq`)", "TestTextIsNoSQL"},
		{"-", "rows that were changed", verify, "case !v.sound:", "case false:", "TestVerifyNamesWhatASuperuserDid"},
		{"-", "columns that were changed", verify, "if v.odd != \"\" {", "if false {", "TestVerifyNamesWhatASuperuserDid"},
		{"-", "rows that are gone", verify, "case !follows:", "case false:", "TestVerifyNamesWhatASuperuserDid"},
		{"-", "ends that are gone", verify, "if highest > w.last.Seq {", "if false {", "TestVerifyNamesWhatASuperuserDid|TestVerifyFromARememberedHead"},
		{"-", "prunings that nothing covers", "ledger/prunings.go", "case !ok:", "case !ok && end.Seq < 0:", "TestPruneIsNoWayAround"},
		{"-", "a record that is shorter", "ledger/lacks.go", "f.Kind, f.Why = Deleted, \"it is remembered, and not on record\"\n\t\t\tfaults = append(faults, f)", "f.Kind = Deleted", "TestRestoredBackup"},
		{"-", "evidence is not dropped", "ledger/prune.go", "if err == nil && len(w.faults) > 0 {\n\t\terr = fmt.Errorf(\"%w: %s\", ErrUnsound, w.faults[0])\n\t}\n\treturn out, err", "return out, err", "TestPruneKeepsEvidence"},
		{"-", "the encoding of the ledger", "ledger/postgres.go", "c.RuntimeParams[\"client_encoding\"] = \"UTF8\"", "", "TestHostileSettings"},
		{"-", "deadlocks are tried again", "ledger/errors.go", "\"40001\", \"40P01\":", "\"40001\":", "TestDeadlock"},
		{"-", "what waits in the spool", "ledger/spool.go", "case passing(err):", "case errors.Is(err, ErrDown):", "TestClerkKeepsWhatMayBeTakenLater"},
		{"-", "the spool is emptied under load", "ledger/clerk.go", "if c.emptied(ctx) {", "if c.Waiting() == 0 {", "TestClerkCatchesUp"},
		{"-", "clocks that are set back", "loop/setback.go", "if s.At.Sub(now) > setBackSlices*s.Slice {", "if false {", "TestClockSetBackIsOutOfSight"},
		{"-", "the end of an override", "loop/gate_policy.go", " || a.overridden() {", " {", "web.TestOverrideBindsNobody"},
	}
}
