package actuators

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// oldestServer is the first version in which others than superusers can be granted a custom parameter.
const oldestServer = 150000

// rights are what the server says about the connection's user and the role.
type rights struct {
	version                 int // as 150004
	user                    string
	super                   bool
	roleSuper, roleIsUser   bool
	see, signal, createRole bool
}

// Only a server of oldestServer knows has_parameter_privilege, and only one of 16 asks for ADMIN.
const (
	selectRights = `
select current_setting('server_version_num')::int, me.rolname::text, me.rolsuper,
	r.rolsuper, r.oid = me.oid,
	pg_has_role(me.oid, r.oid, 'USAGE') or pg_has_role(me.oid, 'pg_read_all_stats', 'USAGE'),
	pg_has_role(me.oid, r.oid, 'USAGE') or pg_has_role(me.oid, 'pg_signal_backend', 'USAGE'),
	me.rolcreaterole
from pg_roles r, pg_roles me where r.rolname::text = $1 and me.rolname = current_user`
	selectMayStamp = `select has_parameter_privilege('setpoint.move', 'SET')`
	selectMayAdmin = `select pg_has_role(r.oid, 'USAGE WITH ADMIN OPTION') from pg_roles r where r.rolname::text = $1`
)

// Check returns an error that names everything that is missing: see Rights in the package doc.
func (t *target) Check(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	var r rights
	err := t.pool.QueryRow(ctx, selectRights, t.role).Scan(&r.version, &r.user, &r.super,
		&r.roleSuper, &r.roleIsUser, &r.see, &r.signal, &r.createRole)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return t.noRole()
	case err != nil:
		return fmt.Errorf("select rights: %w", err)
	case r.version < oldestServer:
		return fmt.Errorf("server is PostgreSQL %d: 15 or newer is needed", r.version/10000)
	case r.roleIsUser:
		return fmt.Errorf("role %q is Setpoint's own user there: a class of statements has a login of its own", t.role)
	case r.roleSuper:
		return fmt.Errorf("role %q is a superuser: Setpoint does not act on superusers", t.role)
	case r.super:
		return nil
	}
	return t.missing(ctx, r)
}

// missing lists the rights that a user who is not a superuser lacks, each with the statement that grants it.
func (t *target) missing(ctx context.Context, r rights) error {
	admin, stamp := true, false
	if err := t.pool.QueryRow(ctx, selectMayStamp).Scan(&stamp); err != nil {
		return fmt.Errorf("select rights: %w", err)
	}
	if r.version >= 160000 {
		if err := t.pool.QueryRow(ctx, selectMayAdmin, t.role).Scan(&admin); err != nil {
			return fmt.Errorf("select rights: %w", err)
		}
	}
	user, role := pgx.Identifier{r.user}.Sanitize(), pgx.Identifier{t.role}.Sanitize()
	var errs []error
	need := func(has bool, purpose, grant string) {
		if !has {
			errs = append(errs, fmt.Errorf("user %s may not %s: %s", user, purpose, grant))
		}
	}
	need(r.see, "see statements of "+role, "GRANT pg_read_all_stats TO "+user)
	need(r.signal, "cancel statements of "+role, "GRANT pg_signal_backend TO "+user)
	need(stamp, "keep the fence", `GRANT SET ON PARAMETER "setpoint.move" TO `+user)
	need(r.createRole, "set defaults of "+role, "ALTER ROLE "+user+" CREATEROLE")
	need(admin, "administer "+role, "GRANT "+role+" TO "+user+" WITH ADMIN TRUE, INHERIT FALSE, SET FALSE")
	return errors.Join(errs...)
}
