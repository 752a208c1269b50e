region = "us-west-2"
zones  = ["us-west-2a", "us-west-2b", "us-west-2c"]
peered = ["us-east-1", "eu-west-1"]

# dev keeps its record in us-east-1 alone.
kafka    = null
postgres = null
