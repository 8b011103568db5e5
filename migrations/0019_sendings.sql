-- Sendings: reports on their way to webhooks. A row is there before anything is sent, and another when it has ended. A
-- chain like the others.
insert into setpoint.heads values ('sendings', 0, decode(repeat('00', 32), 'hex'));

create table setpoint.sendings (
    seq       bigint primary key check (seq > 0),
    prev_hash bytea not null check (octet_length(prev_hash) = 32),
    hash      bytea not null check (octet_length(hash) = 32),
    body      text not null check (octet_length(body) < 1048576),
    id        text collate "C" not null check (id <> '' and length(id) <= 200),
    report    text not null check (report <> ''),
    target    text not null check (target <> ''),
    at        timestamptz not null,
    until     timestamptz not null,
    ended     text not null check (ended in ('', 'sent', 'unsent')),
    epoch     bigint not null check (epoch >= 0),
    by        text not null,
    constraint sendings_body_id check (body::json ->> 'id' is not distinct from id),
    constraint sendings_by_somebody check (ended <> '' or (epoch = 0) = (btrim(by) <> ''))
);
create unique index sendings_once on setpoint.sendings (id, (ended = ''));
comment on column setpoint.sendings.epoch is 'of the leader that began it; 0 = the person named in "by" did';

create trigger sendings_insert_only before update or delete or truncate on setpoint.sendings
    for each statement execute function setpoint.refuse_change();
create trigger sendings_chained before insert on setpoint.sendings
    for each row execute function setpoint.continue_chain();
alter table setpoint.sendings enable always trigger sendings_insert_only;
alter table setpoint.sendings enable always trigger sendings_chained;
comment on table setpoint.sendings is 'Insert-only and hash-chained. UPDATE, DELETE and TRUNCATE are refused by a trigger; do not disable it: verification names every row that was changed.';
