region = "eu-west-1"
zones  = ["eu-west-1a", "eu-west-1b", "eu-west-1c"]
peered = ["us-east-1", "us-west-2"]

# dev keeps its record in us-east-1 alone.
kafka    = null
postgres = null
