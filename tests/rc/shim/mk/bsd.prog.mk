# Stands in for NetBSD's file: nothing is built in tests.
