region = "eu-west-1"
zones  = ["eu-west-1a", "eu-west-1b", "eu-west-1c"]
peered = ["us-east-1", "us-west-2"]

# dev has no second place for its record.
kafka    = null
postgres = null
