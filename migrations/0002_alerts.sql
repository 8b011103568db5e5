-- The alerts that hold, or have ended of late: one row, replaced as a whole, so that the next leader goes on where the
-- last one stopped. Not a chain: who was told what is in the records of those who were told.
create table setpoint.alerts (
    one   boolean primary key default true check (one),
    epoch bigint not null check (epoch > 0),
    at    timestamptz not null,
    body  jsonb not null check (jsonb_typeof(body) in ('array', 'null'))
);
