-- Adjustments as orders: adjust says how the counts of a stretch of time are to
-- be judged, under a name of its own; unadjust of that name ends it.
alter table setpoint.orders
    drop constraint orders_kind_check,
    drop constraint orders_ending_lasts,
    drop constraint orders_setting_of_one,
    add constraint orders_kind_check check (kind in ('stop', 'resume', 'freeze', 'thaw', 'pin', 'unpin', 'approve', 'override', 'revoke', 'promote', 'demote', 'adjust', 'unadjust')),
    add constraint orders_ending_lasts check (kind not in ('resume', 'thaw', 'unpin', 'revoke', 'promote', 'demote', 'adjust', 'unadjust') or until is null),
    add constraint orders_setting_of_one check (kind not in ('pin', 'unpin', 'approve', 'override', 'revoke', 'promote', 'demote', 'adjust', 'unadjust') or target <> '*'),
    add constraint orders_adjust check ((kind = 'adjust') = (body::json -> 'adjust' is not null));
