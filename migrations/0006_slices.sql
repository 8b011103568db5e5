-- Slices, packed: a row holds those of one objective and one hour. What was kept before is dropped: it is read again
-- from the metrics backend.
drop table setpoint.slices;

create table setpoint.hours (
    objective integer not null references setpoint.objectives (id),
    hour      integer not null,
    packed    bytea not null check (octet_length(packed) > 0),
    primary key (objective, hour)
) with (fillfactor = 90, autovacuum_vacuum_scale_factor = 0.05);
alter table setpoint.hours alter column packed set storage main;
comment on table setpoint.hours is 'Counts of events by slice. Not a chain: a slice that is read again is appended, and the last one counts.';
comment on column setpoint.hours.hour is 'hours since 1970';

-- Sums of each day, and of its hours, so that a restart need not read every slice. Hours null: to be made, or made anew.
create table setpoint.days (
    objective integer not null references setpoint.objectives (id),
    day       integer not null,
    good      bigint not null default 0,
    bad       bigint not null default 0,
    covered   bigint not null default 0,
    newest    bigint,
    flaws     bytea,
    hours     bytea check (octet_length(hours) > 0),
    primary key (objective, day)
);
create index days_without_sums on setpoint.days (day, objective) where hours is null;
comment on column setpoint.days.day is 'days since 1970';
comment on column setpoint.days.covered is 'observed time in milliseconds';
comment on column setpoint.days.newest is 'start of the newest observed slice, milliseconds since 1970';
