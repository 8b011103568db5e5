package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
)

func main() {
	err := run(os.Args[1:])
	if err == nil || errors.Is(err, flag.ErrHelp) {
		return
	}
	fmt.Fprintln(os.Stderr, "demo:", err)
	os.Exit(1)
}

func run(args []string) error {
	if len(args) > 0 && args[0] == "shop" {
		return runShop(args[1:], os.Stdout, os.Stderr)
	}
	return runStory(args, os.Stdout, os.Stderr)
}
