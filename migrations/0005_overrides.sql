-- Overrides: orders by which a person lets the releases of a service go, for a
-- while, whatever the gate says; revoke ends them.
alter table setpoint.orders
    drop constraint orders_kind_check,
    drop constraint orders_approval_lapses,
    drop constraint orders_ending_lasts,
    drop constraint orders_setting_of_one,
    add constraint orders_kind_check check (kind in ('stop', 'resume', 'freeze', 'thaw', 'pin', 'unpin', 'approve', 'override', 'revoke')),
    add constraint orders_approval_lapses check (kind not in ('approve', 'override') or until is not null),
    add constraint orders_ending_lasts check (kind not in ('resume', 'thaw', 'unpin', 'revoke') or until is null),
    add constraint orders_setting_of_one check (kind not in ('pin', 'unpin', 'approve', 'override', 'revoke') or target <> '*');
