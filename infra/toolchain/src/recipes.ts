import { alertmanagerRecipe } from "./alertmanager-recipe.ts";
import { checkovRecipe } from "./checkov-recipe.ts";
import { etcdRecipe } from "./etcd-recipe.ts";
import { haproxyRecipe } from "./haproxy-recipe.ts";
import { helmRecipe, helmUnittestRecipe } from "./helm-recipe.ts";
import { kafkaRecipe } from "./kafka-recipe.ts";
import { kubeconformRecipe } from "./kubeconform-recipe.ts";
import { kubernetesSchemasRecipe } from "./kubernetes-schemas-recipe.ts";
import { postgresRecipe } from "./postgres-recipe.ts";
import { prometheusRecipe } from "./prometheus-recipe.ts";
import type { Recipe } from "./recipe.ts";
import { redisRecipe } from "./redis-recipe.ts";
import { terraformRecipe } from "./terraform-recipe.ts";
import type { ToolName } from "./tool.ts";
import { versitygwRecipe } from "./versitygw-recipe.ts";

export function recipeOf(tool: ToolName): Recipe {
  switch (tool) {
    case "etcd":
    case "etcdctl":
    case "etcdutl":
      return etcdRecipe(tool);
    case "redis":
      return redisRecipe();
    case "postgres":
      return postgresRecipe();
    case "kafka":
      return kafkaRecipe();
    case "haproxy":
      return haproxyRecipe();
    case "versitygw":
      return versitygwRecipe();
    case "helm":
      return helmRecipe();
    case "helm-unittest":
      return helmUnittestRecipe();
    case "kubeconform":
      return kubeconformRecipe();
    case "kubernetes-schemas":
      return kubernetesSchemasRecipe();
    case "terraform":
      return terraformRecipe();
    case "checkov":
      return checkovRecipe();
    case "prometheus":
    case "promtool":
      return prometheusRecipe(tool);
    case "alertmanager":
    case "amtool":
      return alertmanagerRecipe(tool);
  }
}
