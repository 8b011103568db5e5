// Package generic carries settings to places that know nothing of Setpoint: a
// webhook, a file, an object of Kubernetes.
//
//	loop ─► Apply(move) ─► Actuator: read, compare, write ─► place ─► POST, rename or PATCH
//	     ─► Read        ◄─ setting in force, and the move that set it, from the same place
//
// Where to read: generic.go (the order of things, fencing, foreign changes),
// hook.go, file.go, kubernetes.go (the places).
//
// # Fencing
//
// Each place keeps, beside the setting, the move that set it: its fence
// (timeline, epoch, sequence) and decision. A move that is older is refused with loop.ErrDeposed: by what
// was read before writing, and where the place can compare by itself, by the
// place (409 of a webhook, resourceVersion of Kubernetes). A file is replaced
// as a whole; between reading and renaming another process could come first,
// and whoever reads the file sees by its move which one is newer.
//
// # Foreign changes
//
// When the setting in force is not the one that the move beside it set,
// somebody else has changed it. Read then returns loop.ErrForeign with the
// setting; the loop holds and says so. Setting it back, or removing the move
// beside it, gives it back to the loop; an order of a person overwrites it.
//
// # When something is down
//
//	Setpoint    the place keeps the setting
//	the place   Read and Apply return errors, and the loop holds; a write whose answer was lost is
//	            read back by the loop at once, and applying again is applying once
package generic
