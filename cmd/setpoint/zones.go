package main

import _ "time/tzdata" // calendar windows know their zones on machines without a zone database
