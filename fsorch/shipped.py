"""What fsorch itself says to callers, in every language it speaks. A prompt of the centre under the same name comes
first."""

from __future__ import annotations

from fsorch.prompts import PromptSpec

__all__ = ["DEFAULT_LANGUAGE", "SHIPPED", "shipped_prompts"]

DEFAULT_LANGUAGE = "en"

_ENGLISH = {
    "greeting": "Welcome.",
    "menu": "For sales, press 1. For support, press 2. Or press 0 to speak to a person.",
    "invalid": "Sorry, that is not one of the choices.",
    "connecting": "Please hold. We are connecting you.",
    "leave_message": "Sorry, nobody is free. Please leave a message after the tone.",
    "thanks": "Thank you. We will call you back.",
    "call_again": "Sorry, nobody is free. Please call again later.",
    "wait_for_person": "The person you spoke with before is busy. To wait for them, press 1. For anyone else, press 2. "
    "To be called back by them, press 3.",
    "not_recorded": "Sorry, your message could not be recorded.",
    "callback_confirm": "We will call you back and keep your place. Your number is",
    "callback_keys": "If that is right, press 1. For another number, press 2. To go on waiting, press 3.",
    "callback_number": "Please enter the number to call, then press the hash key.",
    "callback_promised": "Thank you. We will call you back. Goodbye.",
    "goodbye": "Goodbye.",
    "not_called_again": "You will not be called again. Goodbye.",
    "callback_hello": "Hello. This is the call you asked for. Please hold for a moment.",
    "wait_position": "You are number {position:number} in the queue.",
    "wait_more": "More than {count:number} callers are waiting.",
    "wait_time": "The estimated wait is about {wait:duration}.",
    "drop_message": "Hello. This was a call from {drop.name}. We are sorry that nobody is free to speak with you now. "
    "You can reach us at {drop.number:digits}. If you do not want to be called again, press {drop.key:digits}.",
}

_GERMAN = {
    "greeting": "Willkommen.",
    "menu": "Für den Verkauf drücken Sie die 1. Für den Kundendienst drücken Sie die 2. Oder drücken Sie die 0, um mit "
    "einem Menschen zu sprechen.",
    "invalid": "Diese Auswahl gibt es leider nicht.",
    "connecting": "Bitte bleiben Sie am Apparat. Wir verbinden Sie.",
    "leave_message": "Leider ist gerade niemand frei. Bitte hinterlassen Sie nach dem Ton eine Nachricht.",
    "thanks": "Vielen Dank. Wir rufen Sie zurück.",
    "call_again": "Leider ist gerade niemand frei. Bitte rufen Sie später noch einmal an.",
    "wait_for_person": "Die Person, mit der Sie zuletzt gesprochen haben, ist gerade im Gespräch. Um auf sie zu "
    "warten, drücken Sie die 1. Um mit jemand anderem zu sprechen, drücken Sie die 2. Um von ihr zurückgerufen zu "
    "werden, drücken Sie die 3.",
    "not_recorded": "Ihre Nachricht konnte leider nicht aufgenommen werden.",
    "callback_confirm": "Wir rufen Sie zurück und halten Ihren Platz frei. Ihre Nummer ist",
    "callback_keys": "Wenn das stimmt, drücken Sie die 1. Für eine andere Nummer drücken Sie die 2. Um weiter zu "
    "warten, drücken Sie die 3.",
    "callback_number": "Bitte geben Sie die Nummer ein, die wir anrufen sollen, und drücken Sie dann die Rautetaste.",
    "callback_promised": "Vielen Dank. Wir rufen Sie zurück. Auf Wiederhören.",
    "goodbye": "Auf Wiederhören.",
    "not_called_again": "Sie werden nicht wieder angerufen. Auf Wiederhören.",
    "callback_hello": "Guten Tag. Dies ist der Rückruf, um den Sie gebeten haben. Bitte haben Sie einen Moment Geduld.",
    "wait_position": "Sie sind Nummer {position:number} in der Warteschlange.",
    "wait_more": "Es warten mehr als {count:number} Anrufer.",
    "wait_time": "Die Wartezeit beträgt ungefähr {wait:duration}.",
    "drop_message": "Guten Tag. Dies war ein Anruf von {drop.name}. Leider ist gerade niemand frei, um mit Ihnen zu "
    "sprechen. Sie erreichen uns unter {drop.number:digits}. Wenn Sie nicht mehr angerufen werden möchten, drücken Sie "
    "die {drop.key:digits}.",
}

_SPANISH = {
    "greeting": "Bienvenido.",
    "menu": "Para ventas, pulse 1. Para asistencia, pulse 2. O pulse 0 para hablar con una persona.",
    "invalid": "Lo sentimos, esa opción no existe.",
    "connecting": "No cuelgue, por favor. Le estamos pasando la llamada.",
    "leave_message": "Lo sentimos, no hay nadie libre. Deje un mensaje después de la señal, por favor.",
    "thanks": "Gracias. Le devolveremos la llamada.",
    "call_again": "Lo sentimos, no hay nadie libre. Llame de nuevo más tarde, por favor.",
    "wait_for_person": "La persona con la que habló antes está ocupada. Para esperarla, pulse 1. Para hablar con otra "
    "persona, pulse 2. Para que ella le devuelva la llamada, pulse 3.",
    "not_recorded": "Lo sentimos, no se ha podido grabar su mensaje.",
    "callback_confirm": "Le devolveremos la llamada y le guardaremos su turno. Su número es",
    "callback_keys": "Si es correcto, pulse 1. Para indicar otro número, pulse 2. Para seguir esperando, pulse 3.",
    "callback_number": "Marque el número al que debemos llamar y pulse después la tecla almohadilla.",
    "callback_promised": "Gracias. Le devolveremos la llamada. Adiós.",
    "goodbye": "Adiós.",
    "not_called_again": "No le volveremos a llamar. Adiós.",
    "callback_hello": "Hola. Esta es la llamada que solicitó. Espere un momento, por favor.",
    "wait_position": "Usted es el número {position:number} en la cola.",
    "wait_more": "Hay más de {count:number} clientes en espera.",
    "wait_time": "El tiempo de espera aproximado es de {wait:duration}.",
    "drop_message": "Hola. Esta era una llamada de {drop.name}. Lo sentimos, ahora no hay nadie libre para hablar con "
    "usted. Puede llamarnos al {drop.number:digits}. Si no desea recibir más llamadas, pulse {drop.key:digits}.",
}

_FRENCH = {
    "greeting": "Bienvenue.",
    "menu": "Pour les ventes, tapez 1. Pour l'assistance, tapez 2. Ou tapez 0 pour parler à une personne.",
    "invalid": "Désolé, ce choix n'existe pas.",
    "connecting": "Ne quittez pas. Nous vous mettons en relation.",
    "leave_message": "Désolé, personne n'est disponible. Veuillez laisser un message après le signal sonore.",
    "thanks": "Merci. Nous vous rappellerons.",
    "call_again": "Désolé, personne n'est disponible. Veuillez rappeler plus tard.",
    "wait_for_person": "La personne à qui vous avez parlé est occupée. Pour l'attendre, tapez 1. Pour parler à "
    "quelqu'un d'autre, tapez 2. Pour qu'elle vous rappelle, tapez 3.",
    "not_recorded": "Désolé, votre message n'a pas pu être enregistré.",
    "callback_confirm": "Nous vous rappellerons et garderons votre place. Votre numéro est le",
    "callback_keys": "Si c'est exact, tapez 1. Pour un autre numéro, tapez 2. Pour continuer d'attendre, tapez 3.",
    "callback_number": "Veuillez composer le numéro à appeler, puis appuyez sur la touche dièse.",
    "callback_promised": "Merci. Nous vous rappellerons. Au revoir.",
    "goodbye": "Au revoir.",
    "not_called_again": "Vous ne serez plus appelé. Au revoir.",
    "callback_hello": "Bonjour. Voici l'appel que vous avez demandé. Veuillez patienter un instant.",
    "wait_position": "Vous êtes le numéro {position:number} dans la file d'attente.",
    "wait_more": "Plus de {count:number} appels sont en attente.",
    "wait_time": "Le temps d'attente est d'environ {wait:duration}.",
    "drop_message": "Bonjour. C'était un appel de {drop.name}. Désolé, personne n'est libre pour vous parler en ce "
    "moment. Vous pouvez nous joindre au {drop.number:digits}. Pour ne plus être appelé, tapez {drop.key:digits}.",
}

SHIPPED: dict[str, dict[str, str]] = {"en": _ENGLISH, "de": _GERMAN, "es": _SPANISH, "fr": _FRENCH}
"""The texts by language, then by the prompt's name; every language has all of them."""


def shipped_prompts() -> dict[str, str | PromptSpec]:
    """Every prompt of fsorch's own, by its name."""
    return {
        name: PromptSpec(text={language: texts[name] for language, texts in SHIPPED.items() if name in texts})
        for name in SHIPPED[DEFAULT_LANGUAGE]
    }
