region = "us-west-2"
zones  = ["us-west-2a", "us-west-2b", "us-west-2c"]
peered = ["us-east-1", "eu-west-1"]

# dev has no second place for its record.
kafka    = null
postgres = null
