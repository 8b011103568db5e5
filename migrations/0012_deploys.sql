-- Deploys: releases that delivery tools told of. A chain like the others.
insert into setpoint.heads values ('deploys', 0, decode(repeat('00', 32), 'hex'));

create table setpoint.deploys (
    seq       bigint primary key check (seq > 0),
    prev_hash bytea not null check (octet_length(prev_hash) = 32),
    hash      bytea not null check (octet_length(hash) = 32),
    body      text not null check (octet_length(body) < 1048576),
    id        text collate "C" not null unique check (id <> '' and length(id) <= 200),
    service   text not null check (service <> ''),
    at        timestamptz not null,
    constraint deploys_body_id check (body::json ->> 'id' is not distinct from id)
);
comment on column setpoint.deploys.at is 'when the release began to take traffic';
create index deploys_by_service on setpoint.deploys (service, at);

create trigger deploys_insert_only before update or delete or truncate on setpoint.deploys
    for each statement execute function setpoint.refuse_change();
create trigger deploys_chained before insert on setpoint.deploys
    for each row execute function setpoint.continue_chain();
alter table setpoint.deploys enable always trigger deploys_insert_only;
alter table setpoint.deploys enable always trigger deploys_chained;
comment on table setpoint.deploys is 'Insert-only and hash-chained. UPDATE, DELETE and TRUNCATE are refused by a trigger; do not disable it: verification names every row that was changed.';
