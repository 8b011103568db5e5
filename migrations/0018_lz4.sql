-- Verdicts that were committed together are much alike: LZ4 packs them in a tenth of the time that PGLZ takes. A server
-- that was built without it packs them as before.
do $$
declare
    part regclass;
begin
    for part in select 'setpoint.verdicts'::regclass union all
        select inhrelid::regclass from pg_inherits where inhparent = 'setpoint.verdicts'::regclass loop
        execute format('alter table %s alter column body set compression lz4', part);
    end loop;
exception when feature_not_supported then
    null;
end $$;
