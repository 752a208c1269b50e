region = "us-east-1"
zones  = ["us-east-1a", "us-east-1b", "us-east-1c"]
peered = ["us-west-2", "eu-west-1"]
