-- Verdicts: the answers that the gate gave. A row is a batch of them, those
-- that were committed together; its body holds each as the JSON of the loop's
-- type. The table is one more chain, insert-only like the others.
insert into setpoint.heads values ('verdicts', 0, decode(repeat('00', 32), 'hex'));

create table setpoint.verdicts (
    seq       bigint primary key check (seq > 0),
    prev_hash bytea not null check (octet_length(prev_hash) = 32),
    hash      bytea not null check (octet_length(hash) = 32),
    body      text not null check (octet_length(body) < 1048576),
    id        text collate "C" not null unique check (id <> '' and length(id) <= 200),
    at        timestamptz not null,
    until     timestamptz not null check (until >= at),
    count     bigint not null check (count > 0),
    keys      text not null,
    constraint verdicts_body_id check (body::json ->> 'id' is not distinct from id)
);
comment on column setpoint.verdicts.at is 'when the first of them was decided';
comment on column setpoint.verdicts.until is 'when the last of them was decided';
comment on column setpoint.verdicts.count is 'how many there are in the body';
comment on column setpoint.verdicts.keys is 'a line for each service and each release that they are about';
create index verdicts_by_key on setpoint.verdicts using gin (string_to_array(keys, E'\n'));

create trigger verdicts_insert_only before update or delete or truncate on setpoint.verdicts
    for each statement execute function setpoint.refuse_change();
create trigger verdicts_chained before insert on setpoint.verdicts
    for each row execute function setpoint.continue_chain();
alter table setpoint.verdicts enable always trigger verdicts_insert_only;
alter table setpoint.verdicts enable always trigger verdicts_chained;
comment on table setpoint.verdicts is
    'Insert-only and hash-chained. UPDATE, DELETE and TRUNCATE are refused by a trigger; do not disable it: verification names every row that was changed.';
