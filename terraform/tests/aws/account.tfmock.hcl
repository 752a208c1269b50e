# What the mocked provider answers where a random text would not do.
mock_data "aws_caller_identity" {
  defaults = {
    account_id = "123456789012"
  }
}

# ElastiCache takes passwords of 16 to 128 characters.
mock_data "aws_secretsmanager_random_password" {
  defaults = {
    random_password = "0123456789012345678901234567890123456789012345678901234567890123"
  }
}
