-- What no sample holds of a day: of processes that ended, or began anew, between scrapes.
alter table setpoint.days
    add column unseen     bigint not null default 0,
    add column unseen_bad bigint not null default 0;
comment on column setpoint.days.unseen is 'about how many events there may have been at most that no sample holds, in thousandths';
comment on column setpoint.days.unseen_bad is 'how many of these may have been bad';
