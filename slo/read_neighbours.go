package slo

import (
	"fmt"
	"time"
)

// readNeighbours reads what a loop shares with others.
func readNeighbours(c *ControlLoop, spec value) {
	if v := spec.get("plant"); v.good() {
		c.Plant = Plant{Name: v.get("name").text(), Settle: within(v.get("settle"), time.Second, maxWindow)}
		if !v.get("settle").given() {
			c.Plant.Settle = c.Verify.Settle
		}
		if c.Plant.Settle == 0 && v.lacks("settle") {
			v.get("settle").refuse("missing: the loop has no verify, so nothing says how long a move takes to show", "a duration "+shapeDuration.example(), "")
		}
	}
	if v := spec.get("fleet"); v.good() {
		c.Fleet = Fleet{Name: v.get("name").text(), Share: fleetShare(v.get("share")), Per: within(v.get("per"), time.Second, maxWindow), Canary: v.get("canary").truth()}
	}
}

func fleetShare(v value) float64 {
	d, ok := v.decimal()
	if ok && (d.Sign() <= 0 || d.Cmp(NewDecimal(1, 0)) > 0) {
		v.refuse(v.text()+" is no share of a fleet", "above 0, at most 1", nearShare(v.text()))
	}
	return d.Float()
}

// neighbours checks what loops say of what they share.
func (l *loader) neighbours() {
	plants, fleets := map[string]int{}, map[string]draft[ControlLoop]{}
	members, canaries := map[string]int{}, map[string]int{}
	for _, c := range l.set.Loops {
		plants[c.Plant.Name]++
		members[c.Fleet.Name]++
		if c.Fleet.Canary {
			canaries[c.Fleet.Name]++
		}
	}
	for i, d := range l.loops {
		d.is = l.set.Loops[i]
		plant, fleet := d.spec.get("plant"), d.spec.get("fleet")
		if plant.good() && plants[d.is.Plant.Name] == 1 && !l.part {
			plant.get("name").warn("no other loop names the plant "+d.is.Plant.Name+", so that nothing waits for it", "a second loop with this plant", "")
		}
		if !fleet.good() {
			continue
		}
		switch first, there := fleets[d.is.Fleet.Name]; {
		case !there:
			fleets[d.is.Fleet.Name] = d
			if members[d.is.Fleet.Name] == 1 && !l.part {
				fleet.get("name").warn("no other loop names the fleet "+d.is.Fleet.Name+", so that nothing is held back", "a second loop with this fleet", "")
			}
			if n := members[d.is.Fleet.Name]; n > 1 && canaries[d.is.Fleet.Name] == n {
				fleet.get("canary").warn("every loop of the fleet "+d.is.Fleet.Name+" is a canary, so that none waits for one", "canary in some of them", "")
			}
		case first.is.Fleet.Share != d.is.Fleet.Share || first.is.Fleet.Per != d.is.Fleet.Per:
			fleet.refuse(fmt.Sprintf("another share or per than that of loop %s, of the same fleet", first.is.Name), fmt.Sprintf("share: %g, per: %s", first.is.Fleet.Share, Span(first.is.Fleet.Per)), "")
		}
	}
}
