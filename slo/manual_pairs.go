package slo

const manualPairs = `
## Pairs of scrapers

Where several scrapers watch the same targets, so that one may fail, a backend that does not merge them has every series once for each:
equal but for a label that says whose it is. Such series are copies of one, and what they count counts once. The labels ` + "`prometheus_replica`" + ` (Prometheus
operator) and ` + "`__replica__`" + ` (Mimir, vmagent) mean nothing else and are known; any others, such as Thanos' ` + "`replica`" + `, have to be said,
because they may just as well tell processes apart:

    connectionDetails:
      url: http://thanos:9090
      scrapeInterval: 30s
      replicaLabels: [replica]

- **Counters and runs of jobs** are read from all copies together: what one scraper missed another one knows. A value that is lower than another
  copy's of less than a scrape interval before is a late one, not a reset, unless its own copy shows a reset too.
- **Samples** that are judged are those of one scraper, the first by the value of the label, and another's only where that one has none.
- **Freshness** goes by the newest timestamp that any of them shows.
- **Expressions** that the backend evaluates see all copies: ` + "`max without (replica) (…)`" + ` makes one of them.
- A query that says which scraper it means, as in ` + "`x_total{replica=\"a\"}`" + `, gets that one alone.
- Declare ` + "`scrapeInterval`" + `, the same for all scrapers, where it is not the same for all targets or longer than a minute.
- When all copies have a gap that holds a restart, the highest value that any had before it counts as the last one.

` + "`setpoint plan`" + ` warns of series that seem to be copies and of which nothing is declared.
`
