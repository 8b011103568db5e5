// Package migrations holds the steps that bring a database from nothing to
// the schema that this program works with: NNNN_name.sql, numbered from 0001
// without gaps, each run once in a transaction of its own, in order.
//
// They go forward only. A file that has been released is never edited: the
// runner (ledger.Migrate) keeps the checksum of what it ran and refuses a
// database that was brought there by other bytes. A change is a new file. A
// file is written so that the release before it can still read and write the
// result, because replicas are replaced one by one.
package migrations

import "embed"

// Files are the migrations.
//
//go:embed *.sql
var Files embed.FS
