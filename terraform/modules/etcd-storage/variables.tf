variable "name" {
  description = "Prefix of every name, for example holdfast-prod."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{2,20}$", var.name))
    error_message = "name is 3 to 21 characters of a-z, 0-9 and -, and begins with a letter."
  }
}

variable "region" {
  description = "The region, for the name of the bucket: those are unique in the world."
  type        = string

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "region is the name of an AWS region, for example us-east-1."
  }
}

variable "shards" {
  description = "etcd clusters of this region."
  type        = number
  default     = 2

  validation {
    condition     = var.shards >= 1 && var.shards <= 64 && floor(var.shards) == var.shards
    error_message = "shards is a whole number from 1 to 64."
  }
}

variable "members" {
  description = "Members of each etcd cluster."
  type        = number
  default     = 3

  validation {
    condition     = contains([3, 5], var.members)
    error_message = "members is 3 or 5: an even number survives no more losses than the odd one below it, and one alone survives none."
  }
}

variable "volume_gb" {
  description = "Size of a member's volume."
  type        = number
  default     = 20

  validation {
    condition     = var.volume_gb >= 16 && var.volume_gb <= 1024
    error_message = "volume_gb is 16 to 1024: twice etcd's quota of 8 GB must fit, for defragmentation writes the database anew."
  }
}

variable "volume_iops" {
  description = "Writes a second of a volume; a commit of etcd waits for its disk."
  type        = number
  default     = 3000

  validation {
    condition     = var.volume_iops >= 3000 && var.volume_iops <= 16000
    error_message = "volume_iops is 3000 (what gp3 has without extra cost) to 16000."
  }
}

variable "volume_mbps" {
  description = "Throughput of a volume in MiB a second."
  type        = number
  default     = 125

  validation {
    condition     = var.volume_mbps >= 125 && var.volume_mbps <= 1000 && var.volume_mbps * 4 <= var.volume_iops
    error_message = "volume_mbps is 125 to 1000, and at most a quarter of volume_iops: gp3 allows no more."
  }
}

variable "snapshot_days" {
  description = "How long snapshots are kept, in days."
  type        = number
  default     = 30

  validation {
    condition     = var.snapshot_days >= 1 && var.snapshot_days <= 365
    error_message = "snapshot_days is 1 to 365."
  }
}
