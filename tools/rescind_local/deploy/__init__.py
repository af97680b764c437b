"""What CloudFormation would do: the template read, tables and keys made, functions told their environment."""
