#!/bin/sh
# Greets whoever is named.
echo "hello, $1"
