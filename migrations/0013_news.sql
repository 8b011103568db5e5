-- News: whoever listens on the channel "setpoint" hears, when it is committed, of which chain has a new row. Verdicts
-- are too many to tell of.
create function setpoint.tell() returns trigger language plpgsql as $$
begin
    perform pg_notify('setpoint', tg_table_name);
    return null;
end $$;

do $$
declare
    chain text;
begin
    foreach chain in array array['decisions', 'leadership', 'orders', 'settings', 'tokens'] loop
        execute format('create trigger %1$I after insert on setpoint.%2$I
            for each statement execute function setpoint.tell()', chain || '_tell', chain);
        execute format('alter table setpoint.%2$I enable always trigger %1$I', chain || '_tell', chain);
    end loop;
end $$;
