variable "name" {
  description = "Prefix of every name, for example holdfast-prod."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{2,20}$", var.name))
    error_message = "name is 3 to 21 characters of a-z, 0-9 and -, and begins with a letter."
  }
}

variable "region" {
  description = "The region of the archive."
  type        = string

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "region is the name of an AWS region, for example us-east-1."
  }
}

variable "replica_region" {
  description = "The region of the copy."
  type        = string

  validation {
    condition     = var.replica_region != var.region
    error_message = "replica_region is another region than that of the archive: a copy beside it is lost with it."
  }
}

variable "retention_days" {
  description = "For so long nobody deletes an object, in days; seven years, as the archiver sets it on each."
  type        = number
  default     = 2557

  validation {
    condition     = var.retention_days >= 1 && var.retention_days <= 36500 && floor(var.retention_days) == var.retention_days
    error_message = "retention_days is a whole number from 1 to 36500."
  }
}

variable "lock_mode" {
  description = "`GOVERNANCE`: who has a right of its own may end a retention. `COMPLIANCE`: nobody may, not even the account."
  type        = string
  default     = "GOVERNANCE"

  validation {
    condition     = contains(["GOVERNANCE", "COMPLIANCE"], var.lock_mode)
    error_message = "lock_mode is GOVERNANCE or COMPLIANCE."
  }
}

variable "glacier_days" {
  description = "After so many days an object moves to Glacier."
  type        = number
  default     = 90

  validation {
    condition     = var.glacier_days >= 1 && floor(var.glacier_days) == var.glacier_days
    error_message = "glacier_days is a whole number of at least 1."
  }
}

variable "deep_archive_days" {
  description = "After so many days an object moves to Deep Archive."
  type        = number
  default     = 365

  validation {
    condition     = var.deep_archive_days >= var.glacier_days + 90 && floor(var.deep_archive_days) == var.deep_archive_days
    error_message = "deep_archive_days is at least 90 more than glacier_days: Glacier charges 90 days for whatever leaves it sooner."
  }
}
