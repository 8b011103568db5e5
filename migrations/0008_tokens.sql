-- Tokens: the keys by which programs and people are known. A row is a token as it was made, or as it was revoked; of the
-- secret there is only its SHA-256. A chain like the others.
insert into setpoint.heads values ('tokens', 0, decode(repeat('00', 32), 'hex'));

create table setpoint.tokens (
    seq       bigint primary key check (seq > 0),
    prev_hash bytea not null check (octet_length(prev_hash) = 32),
    hash      bytea not null check (octet_length(hash) = 32),
    body      text not null check (octet_length(body) < 1048576),
    id        text collate "C" not null check (id <> '' and length(id) <= 200),
    name      text not null check (btrim(name) <> ''),
    at        timestamptz not null,
    expires   timestamptz not null,
    revoked   timestamptz,
    constraint tokens_body_id check (body::json ->> 'id' is not distinct from id),
    constraint tokens_expires_later check (expires > at)
);
create unique index tokens_once on setpoint.tokens (id, (revoked is null));

create trigger tokens_insert_only before update or delete or truncate on setpoint.tokens
    for each statement execute function setpoint.refuse_change();
create trigger tokens_chained before insert on setpoint.tokens
    for each row execute function setpoint.continue_chain();
alter table setpoint.tokens enable always trigger tokens_insert_only;
alter table setpoint.tokens enable always trigger tokens_chained;
comment on table setpoint.tokens is 'Insert-only and hash-chained. UPDATE, DELETE and TRUNCATE are refused by a trigger; do not disable it: verification names every row that was changed.';

-- When a token was used last, to within some seconds. Not a chain.
create table setpoint.token_uses (
    id text collate "C" primary key,
    at timestamptz not null
);
