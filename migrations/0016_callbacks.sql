-- Callbacks: questions to the gate that delivery tools sent by a webhook, and that are answered by a request of ours, at
-- once or when a hold ends. What was answered stays for a while, so that a message that is sent again is known. Not a
-- chain: what was answered is in the verdicts.
create table setpoint.callbacks (
    id   text collate "C" primary key check (id <> '' and length(id) <= 200),
    at   timestamptz not null,
    done timestamptz,
    body jsonb not null check (jsonb_typeof(body) = 'object')
);
create index callbacks_open on setpoint.callbacks (at) where done is null;
