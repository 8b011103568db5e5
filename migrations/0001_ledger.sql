-- The ledger: what was decided, how it went, what people ordered, by whose
-- epoch, under which policy.
--
-- Each of the six tables below is a chain: rows are only ever added, each row
-- carries the hash of the one before it, and the columns beside the body are
-- copies for querying. The database itself refuses to change or drop a row
-- (insert_only), and to add one that does not continue its chain (chained).
-- The body is text, not jsonb: jsonb reorders keys and rewrites numbers, and
-- the hash is over the very bytes that were written.

-- The end of each chain. Whoever adds a row locks the chain's line here first
-- (SELECT … FOR UPDATE), so numbers have no gaps and a takeover of the lead
-- waits for what is being written.
create table setpoint.heads (
    chain text primary key,
    seq   bigint not null check (seq >= 0),
    hash  bytea not null check (octet_length(hash) = 32)
);
insert into setpoint.heads
select chain, 0, decode(repeat('00', 32), 'hex')
from unnest(array['decisions', 'definitions', 'leadership', 'orders', 'outcomes', 'settings']) as chain;

create function setpoint.chain_hash(chain text, seq bigint, prev_hash bytea, body text)
returns bytea language sql stable parallel safe
return sha256(convert_to(chain || E'\n' || seq || E'\n' || encode(prev_hash, 'hex') || E'\n' || body, 'UTF8'));

create function setpoint.refuse_change() returns trigger language plpgsql as $$
begin
    raise exception '% of setpoint.% is refused: the ledger is insert-only', tg_op, tg_table_name
        using errcode = 'insufficient_privilege';
end $$;

create function setpoint.continue_chain() returns trigger language plpgsql as $$
begin
    update setpoint.heads h set seq = new.seq, hash = new.hash
    where h.chain = tg_table_name and h.seq = new.seq - 1 and h.hash = new.prev_hash
        and new.hash = setpoint.chain_hash(tg_table_name, new.seq, new.prev_hash, new.body);
    if not found then
        raise exception 'row % does not continue the chain of setpoint.%', new.seq, tg_table_name
            using errcode = 'check_violation', constraint = tg_table_name || '_continue_chain';
    end if;
    return new;
end $$;

-- Heads move only as rows are added: from within a trigger, never by hand.
create trigger heads_by_trigger_only before update on setpoint.heads
    for each statement when (pg_trigger_depth() < 1) execute function setpoint.refuse_change();
create trigger heads_stay before delete or truncate on setpoint.heads
    for each statement execute function setpoint.refuse_change();
alter table setpoint.heads enable always trigger heads_by_trigger_only;
alter table setpoint.heads enable always trigger heads_stay;

create table setpoint.decisions (
    seq        bigint primary key check (seq > 0),
    prev_hash  bytea not null check (octet_length(prev_hash) = 32),
    hash       bytea not null check (octet_length(hash) = 32),
    body       text not null check (octet_length(body) < 1048576),
    id         text collate "C" not null unique check (id <> '' and length(id) <= 200),
    at         timestamptz not null,
    loop       text not null check (loop <> ''),
    actuator   text not null check (actuator <> ''),
    mode       text not null check (mode in ('observe', 'ask', 'act')),
    verb       text not null check (verb in ('hold', 'tighten', 'relax')),
    reason     text not null check (reason <> ''),
    words      text not null,
    "from"     double precision not null check ("from" > '-Infinity' and "from" < 'Infinity'),
    wanted     double precision not null check (wanted > '-Infinity' and wanted < 'Infinity'),
    "to"       double precision not null check ("to" > '-Infinity' and "to" < 'Infinity'),
    unreadable boolean not null,
    policy     text not null check (policy <> ''),
    epoch      bigint not null check (epoch > 0),
    constraint decisions_body_id check (body::json ->> 'id' is not distinct from id),
    constraint decisions_hold_keeps check (verb <> 'hold' or "to" = "from"),
    constraint decisions_move_changes check (verb = 'hold' or "to" <> "from"),
    -- what a person commanded is done in any mode
    constraint decisions_observe_holds check (verb = 'hold' or mode <> 'observe' or reason in ('pinned', 'reverting')),
    constraint decisions_unreadable_holds check (verb = 'hold' or not unreadable)
);
create index decisions_by_actuator on setpoint.decisions (actuator, seq);
create index decisions_by_actuator_at on setpoint.decisions (actuator, at);
create index decisions_moves on setpoint.decisions (actuator, seq) where verb <> 'hold';

create table setpoint.outcomes (
    seq       bigint primary key check (seq > 0),
    prev_hash bytea not null check (octet_length(prev_hash) = 32),
    hash      bytea not null check (octet_length(hash) = 32),
    body      text not null check (octet_length(body) < 1048576),
    decision  text collate "C" not null references setpoint.decisions (id),
    at        timestamptz not null,
    applied   boolean not null,
    read_back double precision not null check (read_back > '-Infinity' and read_back < 'Infinity'),
    error     text not null,
    until     timestamptz,
    ticks     bigint not null check (ticks >= 0),
    constraint outcomes_body_decision check (body::json ->> 'decision' is not distinct from decision),
    constraint outcomes_span check ((until is null) = (ticks = 0)),
    constraint outcomes_hold_applies_nothing check (until is null or not applied)
);
create index outcomes_by_decision on setpoint.outcomes (decision, seq);
create index outcomes_by_at on setpoint.outcomes (at);

-- A hold lasts, a move is applied or is not.
create function setpoint.fit_decision() returns trigger language plpgsql as $$
begin
    if exists (select from setpoint.decisions d
               where d.id = new.decision and (d.verb = 'hold') <> (new.until is not null)) then
        raise exception 'outcome does not fit its decision: a hold has a span, a move has none'
            using errcode = 'check_violation', constraint = 'outcomes_fit_decision';
    end if;
    return new;
end $$;
create trigger outcomes_fit_decision before insert on setpoint.outcomes
    for each row execute function setpoint.fit_decision();
alter table setpoint.outcomes enable always trigger outcomes_fit_decision;

create table setpoint.orders (
    seq       bigint primary key check (seq > 0),
    prev_hash bytea not null check (octet_length(prev_hash) = 32),
    hash      bytea not null check (octet_length(hash) = 32),
    body      text not null check (octet_length(body) < 1048576),
    id        text collate "C" not null unique check (id <> '' and length(id) <= 200),
    at        timestamptz not null,
    kind      text not null check (kind in ('stop', 'resume', 'freeze', 'thaw', 'pin', 'unpin', 'approve')),
    target    text not null check (target <> ''),
    by        text not null check (btrim(by) <> ''),
    why       text not null check (btrim(why) <> ''),
    until     timestamptz,
    setting   double precision check (setting > '-Infinity' and setting < 'Infinity'),
    revert    boolean not null,
    constraint orders_body_id check (body::json ->> 'id' is not distinct from id),
    constraint orders_until_later check (until > at),
    constraint orders_setting check ((setting is not null) = (kind in ('pin', 'approve'))),
    constraint orders_setting_of_one check (kind not in ('pin', 'unpin', 'approve') or target <> '*'),
    constraint orders_approval_lapses check (kind <> 'approve' or until is not null),
    constraint orders_ending_lasts check (kind not in ('resume', 'thaw', 'unpin') or until is null),
    constraint orders_revert_of_stop check (not revert or kind = 'stop')
);
create index orders_by_target on setpoint.orders (target, kind, seq);

create table setpoint.definitions (
    seq       bigint primary key check (seq > 0),
    prev_hash bytea not null check (octet_length(prev_hash) = 32),
    hash      bytea not null check (octet_length(hash) = 32),
    body      text not null,
    policy    text collate "C" not null unique check (policy <> ''),
    constraint definitions_body_policy check (body::json ->> 'policy' is not distinct from policy)
);

-- Who led, from when on. The newest epoch leads; an older one may not act.
create table setpoint.leadership (
    seq       bigint primary key check (seq > 0),
    prev_hash bytea not null check (octet_length(prev_hash) = 32),
    hash      bytea not null check (octet_length(hash) = 32),
    body      text not null,
    epoch     bigint not null unique check (epoch >= seq),
    holder    text not null check (holder <> ''),
    at        timestamptz not null
);

-- Settings of actuators that live in the ledger itself: the newest row of an
-- actuator is in force. Each names the decision on record that it carries out.
create table setpoint.settings (
    seq       bigint primary key check (seq > 0),
    prev_hash bytea not null check (octet_length(prev_hash) = 32),
    hash      bytea not null check (octet_length(hash) = 32),
    body      text not null,
    actuator  text not null check (actuator <> ''),
    value     double precision not null check (value > '-Infinity' and value < 'Infinity'),
    epoch     bigint not null check (epoch > 0),
    decision  text collate "C" not null unique references setpoint.decisions (id),
    at        timestamptz not null
);
create index settings_by_actuator on setpoint.settings (actuator, seq);

-- ALWAYS: also while session_replication_role is "replica".
do $$
declare
    chain text;
begin
    foreach chain in array array['decisions', 'definitions', 'leadership', 'orders', 'outcomes', 'settings'] loop
        execute format('create trigger %1$I before update or delete or truncate on setpoint.%2$I
            for each statement execute function setpoint.refuse_change()', chain || '_insert_only', chain);
        execute format('create trigger %1$I before insert on setpoint.%2$I
            for each row execute function setpoint.continue_chain()', chain || '_chained', chain);
        execute format('alter table setpoint.%2$I enable always trigger %1$I', chain || '_insert_only', chain);
        execute format('alter table setpoint.%2$I enable always trigger %1$I', chain || '_chained', chain);
        execute format('comment on table setpoint.%1$I is %2$L', chain,
            'Insert-only and hash-chained. UPDATE, DELETE and TRUNCATE are refused by a trigger; do not disable it: verification names every row that was changed.');
    end loop;
end $$;

-- Counts of events. Not a chain: a slice that is read again is replaced.
create table setpoint.objectives (
    id   integer generated always as identity primary key,
    name text not null unique check (name <> '')
);
create table setpoint.slices (
    start      timestamptz not null,
    good       bigint not null check (good >= 0),
    bad        bigint not null check (bad >= 0),
    covered    integer not null check (covered >= 0),
    objective  integer not null references setpoint.objectives (id),
    flaw       text not null check (flaw ~ '^[a-z-]{0,32}$'),
    primary key (objective, start)
);
comment on column setpoint.slices.good is 'thousandths of events';
comment on column setpoint.slices.bad is 'thousandths of events';
comment on column setpoint.slices.covered is 'observed time in milliseconds';
