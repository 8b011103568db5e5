-- Each version of an objective's definition, and since when it is in force: the past is judged by the version of then.
-- A chain like the others.
insert into setpoint.heads values ('versions', 0, decode(repeat('00', 32), 'hex'));

create table setpoint.versions (
    seq       bigint primary key check (seq > 0),
    prev_hash bytea not null check (octet_length(prev_hash) = 32),
    hash      bytea not null check (octet_length(hash) = 32),
    body      text not null check (octet_length(body) < 1048576),
    objective text not null check (objective <> ''),
    version   text collate "C" not null check (version <> ''),
    since     timestamptz,
    at        timestamptz not null,
    constraint versions_body_objective check (body::json ->> 'objective' is not distinct from objective)
);
comment on column setpoint.versions.since is 'first slice that it judges; null = all of the past too';
create index versions_by_objective on setpoint.versions (objective, seq);

create trigger versions_insert_only before update or delete or truncate on setpoint.versions
    for each statement execute function setpoint.refuse_change();
create trigger versions_chained before insert on setpoint.versions
    for each row execute function setpoint.continue_chain();
alter table setpoint.versions enable always trigger versions_insert_only;
alter table setpoint.versions enable always trigger versions_chained;
comment on table setpoint.versions is 'Insert-only and hash-chained. UPDATE, DELETE and TRUNCATE are refused by a trigger; do not disable it: verification names every row that was changed.';
