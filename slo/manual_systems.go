package slo

const manualSystems = `
## Other systems

OpenSLO lets metrics be in any system; Setpoint asks those that answer as Prometheus does. Promises whose metrics are in
another one (the ` + "`type`" + ` of a ` + "`DataSource` or of a `metricSource`" + `, as in ` + "`Datadog`" + `) are in order, so that a folder can hold
them, and they are left out, with a warning where the system is named. Their ` + "`connectionDetails` and `spec`" + ` are not looked
at. Composites of such objectives are left out too, and release policies of their service say that they do not see
them. A ` + "`ControlLoop`" + `, an ` + "`SLA`" + ` or a ` + "`ReleasePolicy`" + ` that names one is refused: it cannot do without.
`
