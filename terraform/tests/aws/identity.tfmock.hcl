# What the mocked provider answers where a random text would not do.
mock_data "aws_caller_identity" {
  defaults = {
    account_id = "123456789012"
  }
}
