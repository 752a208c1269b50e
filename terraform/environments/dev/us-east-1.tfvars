region = "us-east-1"
zones  = ["us-east-1a", "us-east-1b", "us-east-1c"]
peered = ["us-west-2", "eu-west-1"]

kafka = {
  instance_type              = "kafka.t3.small"
  brokers_per_zone           = 1
  volume_gb                  = 50
  volume_gb_max              = 200
  certificate_authority_mode = "SHORT_LIVED_CERTIFICATE"
  log_days                   = 30
}

postgres = {
  instance_class      = "db.t4g.medium"
  multi_az            = false
  volume_gb           = 50
  volume_gb_max       = 200
  backup_days         = 7
  deletion_protection = false
}
