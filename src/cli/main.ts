#!/usr/bin/env node
// The `holdfast` command.
import { runProgram } from "./program.ts";

// grpc-js names the server by its address when it has no name, which Node reports as deprecated; a
// person who typed a command can do nothing about it.
process.noDeprecation = true;
process.exitCode = await runProgram(process.argv.slice(2));
