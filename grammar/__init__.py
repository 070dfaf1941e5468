"""The grammar of the policy language, one `.lark` file per chapter."""
