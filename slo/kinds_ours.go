package slo

func ourKinds() []kind {
	return []kind{actuatorKind(), loopKind(), policyKind(), calendarKind(), adjustmentKind(), slaKind(), compositeKind(), reportKind()}
}

func actuatorKind() kind {
	return kind{
		version: ours, name: "Actuator",
		doc: "Something that can be set, between `rest` (normal) and `tight` (most protective).",
		spec: &object{name: "Actuator spec", fields: append([]field{
			description(),
			{key: "service", is: shapeName, doc: "The service that it protects."},
			{key: "type", is: shapeChoice, required: true, words: actuatorTypes(), doc: "What it sets. `freeze`: whether releases may go. `postgresQueryTimeout`: the age at which statements of a role may be cancelled. `retry`: how often callers of the service may repeat calls. `quota`: how far its tenants may borrow beyond what they are guaranteed. `webhook`, `file`, `kubernetes`: a number, somewhere else."},
			{key: "rest", is: shapeSetting, instead: "`open` for a freeze, the first level of a contract", doc: "The setting in normal times; required for all but a freeze and a contract."},
			{key: "tight", is: shapeSetting, instead: "`frozen` for a freeze, the last level of a contract", doc: "The most protective setting; required for all but a freeze and a contract."},
			{key: "safe", is: shapeSetting, instead: "`rest`", doc: "Where whatever enforces the setting by itself falls back to when its lease ends; for a query timeout, a contract and a quota."},
			{key: "lease", is: shapeDuration, instead: "1m", doc: "How long it goes on with a setting that nobody confirms, 5 s to 1 h; for these as well."},
			{key: "postgresQueryTimeout", is: shapeMapping, of: queryTimeout(), doc: "Required for this type, refused for others."},
			{key: "freeze", is: shapeMapping, instead: "the standard classes, and it opens at once", of: freezing(), doc: "Of this type, refused for others."},
			{key: "retry", is: shapeMapping, instead: "the standard levels, for all callers", of: retries(), doc: "Of this type, refused for others."},
			{key: "quota", is: shapeMapping, of: quota(), doc: "Required for this type, refused for others."},
		}, placeFields()...)},
		example: `apiVersion: setpoint.dev/v1
kind: Actuator
metadata:
  name: reports-timeout
spec:
  service: checkout
  type: postgresQueryTimeout
  rest: 30s
  tight: 1s
  postgresQueryTimeout:
    databaseURL: ${SHOP_DATABASE_URL}
    role: reports
    workers: 8
    roleDefault: true
---
apiVersion: setpoint.dev/v1
kind: Actuator
metadata:
  name: checkout-releases
spec:
  service: checkout
  type: freeze
---
apiVersion: setpoint.dev/v1
kind: Actuator
metadata:
  name: checkout-retries
spec:
  service: checkout
  type: retry
  safe: careful
  lease: 1m
---
apiVersion: setpoint.dev/v1
kind: Actuator
metadata:
  name: checkout-tenants
spec:
  service: checkout
  type: quota
  rest: 1.2
  tight: 0.6
  quota:
    capacity: 200
    tenants:
    - {name: acme, guarantee: 40, ceiling: 120}
    others: {guarantee: 2, ceiling: 40}
`,
	}
}

func actuatorTypes() []string {
	return []string{string(Freeze), string(PGQueryTimeout), string(Retry), string(TenantQuota), string(AtWebhook), string(AtFile), string(AtKubernetes)}
}

func queryTimeout() *object {
	return &object{name: "postgresQueryTimeout", doc: "Statements of `role` that are older than the setting are cancelled, the oldest first, while the role holds more than `high` of its workers, until it holds no more than `low`.", fields: []field{
		{key: "databaseURL", is: shapeSecret, required: true, doc: "Connection string of the database. `${NAME}` is replaced by the environment variable; it is never shown."},
		{key: "role", is: shapeWord, required: true, doc: "The role whose statements may be cancelled; no others are."},
		{key: "workers", is: shapeWhole, required: true, doc: "Size of the connection pool that the role shares with others."},
		{key: "high", is: shapeDecimal, instead: "0.75", doc: "Share of the workers above which statements are cancelled."},
		{key: "low", is: shapeDecimal, instead: "0.6", doc: "Share of the workers down to which they are."},
		{key: "every", is: shapeDuration, instead: "500ms", doc: "How often it is looked, 100 ms to 1 min."},
		{key: "cancelsPerTick", is: shapeWhole, instead: "4", doc: "Most cancellations at one look."},
		{key: "cancelsPerMinute", is: shapeWhole, instead: "60", doc: "Most cancellations in a minute."},
		{key: "reaper", is: shapeChoice, words: []string{"server", "agent"}, instead: "server", doc: "Who cancels: the server itself, or a `setpoint agent` beside the database, which goes on when the server is away."},
		{key: "classes", is: shapeList, instead: "all of them", of: classTable(), doc: "Which of the role's statements count and may be cancelled: those of one of these."},
		{key: "roleDefault", is: shapeTruth, instead: "false", doc: "Also set the role's `statement_timeout`, which holds when Setpoint is gone."},
		{key: "roleDefaultTimes", is: shapeDecimal, instead: "1", doc: "That timeout is so many times the setting, 1 to 100. With 1 new sessions are cut off at the setting whether there is room or not, as by a static timeout; looser, the reaper decides by need, and the timeout is what is left when it is gone."},
	}}
}

func loopKind() kind {
	return kind{
		version: ours, name: "ControlLoop",
		doc: "Moves one actuator by the budgets of objectives. An actuator belongs to one loop. Of several rules the tightest wish wins; the guards (`mode`, `cooldown`, `pace`, `moves`, `plant`, `fleet`, `verify`, `deadBand`, `step`) may only weaken a move.",
		spec: &object{name: "ControlLoop spec", fields: []field{
			description(),
			{key: "actuator", is: shapeName, required: true, doc: "Name of the `Actuator` that it moves."},
			{key: "mode", is: shapeChoice, words: []string{string(Observe), string(Ask), string(Act)}, instead: "observe", doc: "`observe`: records what it would do and touches nothing. `ask`: a person approves each move. `act`: moves by itself, once it was [promoted](#promotion)."},
			{key: "owner", is: shapeText, doc: "Who answers for it."},
			{key: "promotion", is: shapeMapping, instead: "14 days and a score of 0.8, where a mode is `act`", doc: "What the loop has to show before it acts by itself: it asks until somebody says `setpoint promote`, which refuses while something is missing. See [safety.md](safety.md#promotion).", of: promotionTable()},
			{key: "byHand", is: shapeMapping, instead: "nothing is weighed", doc: "What its work costs people who do it themselves; `setpoint worth` weighs it against what the loop did. See [safety.md](safety.md#worth).", of: byHandTable()},
			{key: "step", is: shapeMapping, instead: "no bound", doc: "The most that one move may change.", of: &object{name: "step", fields: []field{
				{key: "tighten", is: shapeSetting, instead: "no bound", doc: "Towards `tight`."},
				{key: "relax", is: shapeSetting, instead: "no bound", doc: "Towards `rest`."},
			}}},
			{key: "cooldown", is: shapeDuration, instead: "0s", doc: "Shortest time between a move and one that relaxes."},
			{key: "pace", is: shapeMapping, instead: "no limit", doc: "The most moves that tighten, in a stretch of time.", of: paceTable("pace")},
			{key: "moves", is: shapeMapping, instead: "no limit", doc: "The most moves of either direction, in a stretch of time. What a person ordered, a roll back and the end of a TTL do not wait.", of: paceTable("moves")},
			{key: "relaxMode", is: shapeChoice, words: []string{string(Observe), string(Ask), string(Act)}, instead: "that of `mode`", doc: "The mode of moves that relax, so that a loop may tighten by itself and relax by hand."},
			{key: "deadBand", is: shapeSetting, instead: "no dead band", doc: "Shortest move: what is less is not worth it. The ends of the range are always reached."},
			{key: "verify", is: shapeMapping, instead: "no move is judged", doc: "How a move that tightens is judged, and rolled back where it did not help. See [safety.md](safety.md#verify).", of: verifyTable()},
			{key: "flapping", is: shapeMapping, instead: "3 reversals in 10 settle times, where there is `verify`", doc: "How often it may turn round: then its dead band is twice as wide, and after twice as many reversals it has to ask.", of: flappingTable()},
			{key: "missing", is: shapeMapping, instead: "the setting is held, until its TTL ends", doc: "What is done where there is nothing to judge by. Without evidence nothing is ever tightened.", of: missingTable()},
			{key: "plant", is: shapeMapping, instead: "a plant of its own", doc: "What it moves a knob of, besides other loops: one of them moves at a time. See [safety.md](safety.md#neighbours).", of: plantTable()},
			{key: "fleet", is: shapeMapping, instead: "none", doc: "The scopes that its actuator is one of, such as regions: so many move at a time, canaries first.", of: fleetTable()},
			{key: "ttl", is: shapeDuration, instead: "1h; a freeze has none", doc: "How long a tightened setting lasts that no evidence renews: then it goes to `ttlSetting`, whatever else is missing. Not for a freeze, which no absence of data ends."},
			{key: "ttlSetting", is: shapeSetting, instead: "`rest` of the actuator", doc: "Where a setting goes when its TTL ends."},
			{key: "stale", is: shapeDuration, instead: "5 slices of the objective", doc: "Evidence that is older is not seen."},
			{key: "rules", is: shapeList, required: true, of: rule(), doc: "One wish or more."},
		}},
		example: `apiVersion: setpoint.dev/v1
kind: ControlLoop
metadata:
  name: reports-timeout
spec:
  actuator: reports-timeout
  mode: observe
  owner: team-shop
  step: {relax: 10s}
  cooldown: 5m
  pace: {moves: 6, per: 1h}
  rules:
  - objective: checkout-availability
    tiers:
    - {name: fast, burn: 14.4, long: 1h, short: 5m, setting: 1s}
    - {name: slow, burn: 6, long: 6h, short: 30m, setting: 5s}
---
apiVersion: setpoint.dev/v1
kind: ControlLoop
metadata:
  name: checkout-releases
spec:
  actuator: checkout-releases
  mode: act
  owner: team-shop
  promotion: {days: 28, score: 0.9, within: 1h}   # asks until somebody promotes it
  rules:
  - objective: checkout-availability
    tiers:
    - {name: burning, burn: 6, long: 6h, short: 30m, setting: frozen, exhausted: true}
`,
	}
}

func rule() *object {
	return &object{name: "rule", doc: "One wish, by a control law: one of `tiers`, `watermark`, `aimd`, `pi`, `schedule` and `base`.", fields: []field{
		{key: "name", is: shapeName, instead: "that of the objective, or of the calendar", doc: "Unique in the loop."},
		{key: "objective", is: shapeName, doc: "Name of the objective whose budget it looks at. Required, but for a `schedule`. Where the actuator turns work away, look at one that counts admitted work only, and charge the budget with all: a loop that counts its own refusals locks itself in."},
		{key: "when", is: shapeCondition, instead: "always", doc: "The rule speaks only while this holds; while it does not, it asks for nothing. Where it cannot be judged the rule is blind: nothing is relaxed. See [Conditions](#conditions)."},
		{key: "tiers", is: shapeList, of: tier(), doc: "Settings by burn rate; the tightest tier in force decides."},
		{key: "watermark", is: shapeMapping, of: watermark(), doc: "A step tighter past one mark, a step back past the other, and no move between them."},
		{key: "aimd", is: shapeMapping, of: aimdTable(), doc: "Towards `tight` by a share of what is left, and back by steps (additive increase, multiplicative decrease)."},
		{key: "pi", is: shapeMapping, of: piTable(), doc: "Holds a burn rate at its target (proportional–integral), for actuators that act by degrees."},
		{key: "schedule", is: shapeMapping, of: scheduleTable(), doc: "A setting at times that are known before."},
		{key: "base", is: shapeMapping, of: baseTable(), doc: "A setting that is learned from how long statements take while all is well; of a `postgresQueryTimeout` whose reaper is the server's. See [actuators.md](actuators.md#learned-base)."},
	}}
}

func tier() *object {
	return &object{name: "tier", doc: "In force while the budget burns at least `burn` times as fast as the objective allows, over the long and the short window (multi-window, multi-burn-rate: SRE Workbook, chapter 5).", fields: []field{
		{key: "name", is: shapeName, required: true, doc: "Unique in the rule."},
		{key: "burn", is: shapeDecimal, required: true, doc: "Burn rate at which it is entered; 1 uses up the budget exactly within the objective's window."},
		{key: "long", is: shapeDuration, required: true, doc: "Long window; a multiple of the objective's slice, no longer than its window."},
		{key: "short", is: shapeDuration, required: true, doc: "Short window, no longer than `long`."},
		{key: "setting", is: shapeSetting, required: true, doc: "What it asks for: between the actuator's `rest` and `tight`."},
		{key: "leave", is: shapeDecimal, instead: "half of `burn`", doc: "Burn rate below which it is left."},
		{key: "hold", is: shapeDuration, instead: "`long`", doc: "Window over which `leave` is judged."},
		{key: "minBad", is: shapeWhole, instead: "0", doc: "Fewest bad events within `long` for it to be entered."},
		{key: "exhausted", is: shapeTruth, instead: "false", doc: "It is also entered when the budget is used up, and not left before some is back."},
		{key: "remaining", is: shapeDecimal, instead: "not judged", doc: "It is also entered while less than this share of the budget is left."},
		{key: "regain", is: shapeDecimal, instead: "that of `remaining`", doc: "Once entered it is not left before this share of the budget is there: what is left hovers while a rolling window moves on."},
	}}
}

func watermark() *object {
	return &object{name: "watermark", fields: []field{
		{key: "signal", is: shapeChoice, required: true, words: []string{string(SignalBurn), string(SignalRemaining)}, doc: "`burn`: the burn rate over `window`. `remaining`: the share of the budget that is left."},
		{key: "window", is: shapeDuration, doc: "Required for `burn`; a multiple of the objective's slice."},
		{key: "tighten", is: shapeDecimal, required: true, doc: "Tighten at or past this mark: at least it for `burn`, at most it for `remaining`."},
		{key: "relax", is: shapeDecimal, required: true, doc: "Relax at or past this mark, on the other side."},
		{key: "step", is: shapeSetting, required: true, doc: "One move."},
	}}
}

func releaseRule() *object {
	return &object{name: "release rule", doc: "Gives its verdict while its condition holds for one of the objectives that count.", fields: []field{
		{key: "name", is: shapeName, required: true, doc: "Unique in the policy."},
		{key: "when", is: shapeCondition, required: true, doc: "See [Conditions](#conditions). Where it cannot be judged the answer is that of `onNoData`, and at least hold."},
		{key: "verdict", is: shapeChoice, required: true, words: []string{string(Deny), string(Hold)}, doc: "The answer, unless something stricter speaks."},
		{key: "message", is: shapeText, instead: "the condition", doc: "What people are told."},
	}}
}

func policyKind() kind {
	verdicts := []string{string(Allow), string(Deny), string(Hold)}
	return kind{
		version: ours, name: "ReleasePolicy",
		doc: "When a release of a service may go: what the gate answers. Without one the budgets and freezes of a service are judged by the defaults below.",
		spec: &object{name: "ReleasePolicy spec", fields: append([]field{
			description(),
			{key: "service", is: shapeName, required: true, doc: "The service whose releases it judges."},
			{key: "freezes", is: shapeNames, instead: "those of the service", doc: "Names of freeze actuators that deny while tight."},
			{key: "objectives", is: shapeNames, instead: "those of the service", doc: "Names of the objectives that count."},
			{key: "minRemaining", is: shapeDecimal, instead: "not judged", doc: "Deny while less than this share of the budget is left; 0 is an exhausted budget."},
			{key: "maxBurn", is: shapeList, instead: "not judged", doc: "Deny while one of these is reached.", of: burnLimit("maxBurn")},
			{key: "rules", is: shapeList, instead: "none", doc: "Verdicts by conditions of your own.", of: releaseRule()},
			{key: "onNoData", is: shapeChoice, words: verdicts, instead: "hold", doc: "The answer when there is no data, or only stale data."},
			{key: "onLedgerDown", is: shapeChoice, words: verdicts, instead: "judged from memory, marked as degraded; a hold when it cannot be recorded on disk either", doc: "The answer when the ledger cannot be reached."},
			{key: "staleAfter", is: shapeDuration, instead: "5m", doc: "Age at which what the gate knows is stale."},
			{key: "secondPerson", is: shapeTruth, instead: "false", doc: "`true`: an override counts when two different people have given it."},
			breakGlass(),
			{key: "dryRun", is: shapeTruth, instead: "false", doc: "`true`: everything may go, and the answer, the record and the page say what it would have been."},
			{key: "bindFor", is: shapeDuration, instead: "not bound", doc: "How long a release that was allowed by name stays allowed while budgets burn, so that one rollout does not see the gate flap. A person's freeze, and what cannot be seen, end it."},
			{key: "alwaysAllowed", is: shapeNames, instead: "rollback, security, fix", doc: "Classes of change that pass all the same."},
		}, releaseFields()...)},
		example: `apiVersion: setpoint.dev/v1
kind: ReleasePolicy
metadata:
  name: checkout
spec:
  service: checkout
  freezes: [checkout-releases]
  minRemaining: 0.1
  maxBurn:
  - {burn: 14.4, window: 1h}
  onNoData: hold
` + releaseExample,
	}
}
