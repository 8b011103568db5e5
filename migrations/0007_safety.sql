-- Trust in loops: demote makes a loop ask before it moves its actuator, promote
-- lets it act; each ends the other. A pin says until when it lasts (those given
-- before this rule stay as they are).
alter table setpoint.orders
    drop constraint orders_kind_check,
    drop constraint orders_approval_lapses,
    drop constraint orders_ending_lasts,
    drop constraint orders_setting_of_one,
    add constraint orders_kind_check check (kind in ('stop', 'resume', 'freeze', 'thaw', 'pin', 'unpin', 'approve', 'override', 'revoke', 'promote', 'demote')),
    add constraint orders_approval_lapses check (kind not in ('pin', 'approve', 'override') or until is not null) not valid,
    add constraint orders_ending_lasts check (kind not in ('resume', 'thaw', 'unpin', 'revoke', 'promote', 'demote') or until is null),
    add constraint orders_setting_of_one check (kind not in ('pin', 'unpin', 'approve', 'override', 'revoke', 'promote', 'demote') or target <> '*');
