-- A leader's term is the timeline of the database and the epoch: when a standby was promoted and the old primary lives
-- on, both sides may give out the same epoch.
alter table setpoint.leadership add column timeline bigint not null default 0 check (timeline >= 0);
comment on column setpoint.leadership.timeline is 'of the database when the term began; 0 = the first, or not known';
