// Package cluster runs a private PostgreSQL: a cluster of its own data directory, reached by a unix
// socket only, that needs nothing but the installed binaries. `setpoint serve` keeps its ledger in
// one when it is given no DATABASE_URL; the demo and the tests use it as well.
//
//	Start ─► answers already? ── yes ─► adopted: somebody else's cluster, Stop leaves it alone
//	           │ no
//	         lock ─► free? ── no ─► wait: its holder is starting, running or shutting down
//	           │ yes
//	         initdb into data.init, rename to data (first time) ─► postgres ─► answers ─► started
//
// Where to read: cluster.go (what callers use), home.go (directories, owner, socket path),
// binaries.go (which PostgreSQL), launch.go (initdb and postgres), process_*.go (tie to the parent).
//
// # On disk
//
//	<Dir>/<Name>.lock           held by every process of the cluster, so by its last one too
//	<Dir>/<Name>/data           the data directory
//	<Dir>/<Name>/data.init      an initdb that has not ended; removed by the next Start
//	<Dir>/<Name>/socket         the socket's directory, mode 0700
//	<Dir>/<Name>/postgres.log   what the server says; the previous one is postgres.log.1
//
// The lock is inherited by initdb and by postgres, hence it is free exactly when no process of the
// cluster is alive, whoever was killed in whichever order. So two processes that start at the same
// instant end with one that started and one that adopted, a cluster that is shutting down is waited
// for, and the pid files of postgres found while holding the lock are stale. (Do not run a server over the
// data directory by hand while Setpoint may start: it has no part in the lock.)
//
// # Safety
//
// There is no network listener. The socket's directory belongs to the server's user and is closed to
// all others, which is why the server trusts who connects. A process of root runs the server as
// the user postgres, else nobody (PostgreSQL refuses root); everything the server writes belongs to
// that user, and directories above the data directory must let it through. Data is never initialized
// twice: a data directory that exists is used as it is or refused.
//
// # When things are down
//
// When the process that started the cluster dies, by kill -9 too, Linux sends the server SIGINT: a
// fast, clean shutdown. Elsewhere the server goes on and the next Start adopts it. A process that
// had adopted the cluster then sees its connections fail; it calls Start again with the same
// Config and gets a cluster at the same DSN, this time its own (or that of another one which was
// faster). A starter whose server was killed does the same. A killed server recovers from its
// write-ahead log within Start. When the installed PostgreSQL moved to another major version, the
// old one's binaries are looked for; without them Start says which version is needed and
// leaves the data untouched.
package cluster
