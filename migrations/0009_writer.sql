-- A role that serves need not own the ledger (setpoint migrate --grant): it may insert and read, and cannot switch a
-- trigger off. The trigger moves the ends of the chains with the rights of the owner; the role may lock them only.
alter function setpoint.continue_chain() security definer set search_path = pg_catalog, pg_temp;

create trigger heads_keep_their_names before update of chain on setpoint.heads
    for each statement execute function setpoint.refuse_change();
alter table setpoint.heads enable always trigger heads_keep_their_names;
