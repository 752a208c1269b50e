variable "environment" {
  description = "Name of the environment: dev, staging or prod."
  type        = string

  validation {
    condition     = contains(["dev", "staging", "prod"], var.environment)
    error_message = "environment is dev, staging or prod."
  }
}

variable "domain" {
  description = "Domain of the installation; clients are given locks.<domain>."
  type        = string
}

variable "weights" {
  description = "Share of the traffic that each of the three regions is built for, in percent."
  type        = map(number)
}

variable "continents" {
  description = "Region for the clients of a continent; everybody else goes to the nearest region."
  type        = map(string)
  default     = {}
}

variable "evacuated" {
  description = "Regions that clients are led away from, with the percent of them that goes elsewhere."
  type        = map(number)
  default     = {}
}

variable "ttl_seconds" {
  description = "How long a client may keep an answer."
  type        = number
  default     = 30
}

variable "archive" {
  description = "Where the copy of the archive lies, how long nobody deletes an object, and whether an account may end a retention (GOVERNANCE) or nobody (COMPLIANCE)."
  type = object({
    replica_region = string
    retention_days = number
    lock_mode      = string
  })

  validation {
    condition     = var.archive.replica_region != "us-east-1"
    error_message = "archive.replica_region is another region than us-east-1, where the archive lies: a copy beside it is lost with it."
  }
}

variable "pages" {
  description = "Who is woken: subscriptions, by a name of your own."
  type = map(object({
    protocol = string
    endpoint = string
  }))
  default = {}

  validation {
    condition     = alltrue([for to in values(var.pages) : contains(["https", "email", "sqs", "lambda"], to.protocol)])
    error_message = "protocol of pages is https, email, sqs or lambda: plain http would show the alarms to everybody on the way."
  }
}
