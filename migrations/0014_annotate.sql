-- Annotations as orders: annotate notes something about a time, past or to come,
-- and does nothing but to be shown.
alter table setpoint.orders
    drop constraint orders_kind_check,
    drop constraint orders_ending_lasts,
    add constraint orders_kind_check check (kind in ('stop', 'resume', 'freeze', 'thaw', 'pin', 'unpin', 'approve', 'override', 'revoke', 'promote', 'demote', 'adjust', 'unadjust', 'annotate')),
    add constraint orders_ending_lasts check (kind not in ('resume', 'thaw', 'unpin', 'revoke', 'promote', 'demote', 'adjust', 'unadjust', 'annotate') or until is null),
    add constraint orders_annotate check ((kind = 'annotate') = (body::json -> 'note' is not null));
