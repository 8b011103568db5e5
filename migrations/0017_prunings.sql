-- Verdicts in parts, by their numbers, so that those that are too old can be dropped at once; and prunings, which say
-- what was dropped. What was there stays as the first part, with its bytes.

-- Prunings: a chain like the others. A row names the last row that was dropped and its hash, and holds the signed
-- checkpoint whose end of the chain that was.
insert into setpoint.heads values ('prunings', 0, decode(repeat('00', 32), 'hex'));

create table setpoint.prunings (
    seq       bigint primary key check (seq > 0),
    prev_hash bytea not null check (octet_length(prev_hash) = 32),
    hash      bytea not null check (octet_length(hash) = 32),
    body      text not null check (octet_length(body) < 1048576),
    chain     text not null check (chain = 'verdicts'),
    through   bigint not null unique check (through > 0),
    by        text not null check (btrim(by) <> ''),
    at        timestamptz not null,
    constraint prunings_body_through check (body::json ->> 'through' is not distinct from through::text)
);
comment on column setpoint.prunings.through is 'number of the last row that was dropped';

create trigger prunings_insert_only before update or delete or truncate on setpoint.prunings
    for each statement execute function setpoint.refuse_change();
create trigger prunings_chained before insert on setpoint.prunings
    for each row execute function setpoint.continue_chain();
alter table setpoint.prunings enable always trigger prunings_insert_only;
alter table setpoint.prunings enable always trigger prunings_chained;
comment on table setpoint.prunings is 'Insert-only and hash-chained. UPDATE, DELETE and TRUNCATE are refused by a trigger; do not disable it: verification names every row that was changed.';

-- Of verdicts, only rows that a pruning names may be deleted.
create function setpoint.refuse_unless_pruned() returns trigger language plpgsql as $$
begin
    if not exists (select from setpoint.prunings where through >= old.seq) then
        raise exception 'DELETE of row % of setpoint.verdicts is refused: the ledger is insert-only, and no pruning names it', old.seq
            using errcode = 'insufficient_privilege';
    end if;
    return old;
end $$;

-- As continue_chain, for a part. Its own unique key does not see other parts: at the beginning of a part the ID is looked
-- for among the last rows of the part before, too. Whoever adds a row holds the line in heads, so nobody adds the same ID
-- meanwhile.
create function setpoint.continue_verdicts() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    known boolean := false;
begin
    update setpoint.heads h set seq = new.seq, hash = new.hash
    where h.chain = 'verdicts' and h.seq = new.seq - 1 and h.hash = new.prev_hash
        and new.hash = setpoint.chain_hash('verdicts', new.seq, new.prev_hash, new.body);
    if not found then
        raise exception 'row % does not continue the chain of setpoint.verdicts', new.seq
            using errcode = 'check_violation', constraint = 'verdicts_continue_chain';
    end if;
    if new.seq > 1000 and new.seq - substr(tg_table_name, 10)::bigint < 1000 then -- numbers in the text: only the parts at hand are opened
        execute format('select exists (select from setpoint.verdicts where id = %L and seq >= %s)', new.id, new.seq - 1000) into known;
    end if;
    if known then
        raise exception 'verdicts % are on record', new.id using errcode = 'unique_violation', constraint = 'verdicts_id_key';
    end if;
    return new;
end $$;

create function setpoint.rows_of_part() returns bigint language sql immutable as 'select 100000::bigint';

-- guard_part has a part refuse what the whole refuses, when it is named itself.
create function setpoint.guard_part(part text) returns void language plpgsql as $$
begin
    execute format('create trigger verdicts_insert_only before update or truncate on setpoint.%I
        for each statement execute function setpoint.refuse_change()', part);
    execute format('alter table setpoint.%1$I enable always trigger verdicts_insert_only, enable always trigger verdicts_pruned_only,
        enable always trigger verdicts_chained', part);
    execute format('comment on table setpoint.%I is %L', part, 'A part of setpoint.verdicts: insert-only and hash-chained.');
end $$;

-- Room for verdicts is made ahead, by whoever adds every thousandth row: at least one part is always empty.
create function setpoint.make_room() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    reach bigint;
    part text;
begin
    loop
        select max(substring(pg_get_expr(c.relpartbound, c.oid) from 'TO \(''(\d+)''\)')::bigint) into reach
        from pg_inherits i join pg_class c on c.oid = i.inhrelid where i.inhparent = 'setpoint.verdicts'::regclass;
        exit when reach > new.seq + setpoint.rows_of_part();
        part := 'verdicts_' || reach;
        execute format('create table setpoint.%I (like setpoint.verdicts including all, unique (id))', part);
        execute format('alter table setpoint.verdicts attach partition setpoint.%I for values from (%s) to (%s)',
            part, reach, reach + setpoint.rows_of_part());
        perform setpoint.guard_part(part);
    end loop;
    return null;
exception when others then -- there is room for many rows yet
    raise warning 'no room was made for verdicts from row % on: %', reach, sqlerrm;
    return null;
end $$;

drop trigger verdicts_insert_only on setpoint.verdicts;
drop trigger verdicts_chained on setpoint.verdicts;
alter table setpoint.verdicts rename to verdicts_1;
alter index setpoint.verdicts_pkey rename to verdicts_1_pkey;
alter index setpoint.verdicts_id_key rename to verdicts_1_id_key;
alter index setpoint.verdicts_by_key rename to verdicts_1_by_key;
create table setpoint.verdicts (like setpoint.verdicts_1 including constraints including comments) partition by range (seq);
alter table setpoint.verdicts add primary key (seq);
create index verdicts_by_key on setpoint.verdicts using gin (string_to_array(keys, E'\n'));
comment on table setpoint.verdicts is
    'Insert-only and hash-chained. UPDATE, DELETE and TRUNCATE are refused by a trigger; do not disable it: verification names every row that was changed.';
do $$
begin
    execute format('alter table setpoint.verdicts attach partition setpoint.verdicts_1 for values from (1) to (%s)',
        (select (seq / setpoint.rows_of_part() + 1) * setpoint.rows_of_part() + 1 from setpoint.heads where chain = 'verdicts'));
end $$;
create trigger verdicts_insert_only before update or truncate on setpoint.verdicts
    for each statement execute function setpoint.refuse_change();
create trigger verdicts_pruned_only before delete on setpoint.verdicts
    for each row execute function setpoint.refuse_unless_pruned();
create trigger verdicts_chained before insert on setpoint.verdicts
    for each row execute function setpoint.continue_verdicts();
alter table setpoint.verdicts enable always trigger verdicts_insert_only;
alter table setpoint.verdicts enable always trigger verdicts_pruned_only;
alter table setpoint.verdicts enable always trigger verdicts_chained;
select setpoint.guard_part('verdicts_1');

create constraint trigger heads_room after update on setpoint.heads deferrable initially deferred
    for each row when (new.chain = 'verdicts' and new.seq % 1000 = 0) execute function setpoint.make_room();
alter table setpoint.heads enable always trigger heads_room;
